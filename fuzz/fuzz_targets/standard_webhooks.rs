//! Any octets as a webhook of the Standard Webhooks scheme.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| whimbrel_signing::standard_webhooks::probe(octets));
