//! Any octets as user data that a centre delivers.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| whimbrel_sms::probe::incoming(octets));
