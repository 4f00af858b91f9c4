//! Any octets as a webhook's token and body.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| whimbrel_signing::jwt::probe_webhook(octets));
