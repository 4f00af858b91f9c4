//! Any octets as a request to any dialect.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| whimbrel_dialects::probe::request(octets));
