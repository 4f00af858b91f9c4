//! Any octets as a request signed by five fields.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| whimbrel_signing::seven::probe(octets));
