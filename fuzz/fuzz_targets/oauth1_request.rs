//! Any octets as a request by OAuth 1.0a.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| whimbrel_signing::oauth1::probe(octets));
