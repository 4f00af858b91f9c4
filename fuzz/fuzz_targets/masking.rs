//! Any octets around a secret that nobody may see.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| whimbrel_dialects::probe::masking(octets));
