//! Any octets as a webhook signed by the hash of a secret.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| whimbrel_signing::nexo::probe(octets));
