//! Any octets as a request with signed parameters.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| whimbrel_signing::nexmo::probe(octets));
