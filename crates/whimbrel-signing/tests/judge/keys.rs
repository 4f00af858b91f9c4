//! RSA keys, read once.

use std::collections::BTreeMap;

use whimbrel_signing::jwt::{PrivateKey, PublicKey};

/// Keys by their text.
#[derive(Default)]
pub struct Keys {
    private: BTreeMap<String, PrivateKey>,
    public: BTreeMap<String, PublicKey>,
}

impl Keys {
    pub fn private(&mut self, pem: &str) -> &PrivateKey {
        self.private.entry(pem.to_owned()).or_insert_with(|| PrivateKey::from_pem(pem).expect("a private key"))
    }

    pub fn public(&mut self, pem: &str) -> &PublicKey {
        self.public.entry(pem.to_owned()).or_insert_with(|| PublicKey::from_pem(pem).expect("a public key"))
    }
}
