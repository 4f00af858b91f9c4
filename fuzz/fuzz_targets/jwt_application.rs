//! Any octets as an application's token, its rights or its key.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| whimbrel_signing::jwt::probe_application(octets));
