//! Any octets as a text that may have a one-time code or a link.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| whimbrel_inbox::probe::text(octets));
