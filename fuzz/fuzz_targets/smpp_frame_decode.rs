//! Any octets as a peer's stream.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| whimbrel_smpp::probe::frames(octets));
