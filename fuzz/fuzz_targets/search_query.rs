//! Any octets as what somebody types into a search.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| whimbrel_inbox::probe::query(octets));
