//! Any octets as a message that may be a receipt.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| whimbrel_smpp::probe::receipt(octets));
