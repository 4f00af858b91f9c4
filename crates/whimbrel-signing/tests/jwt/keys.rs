//! Keys as people paste them.

use whimbrel_signing::jwt::key::Block;
use whimbrel_signing::jwt::{KeyFault, PrivateKey, PublicKey, application};

use crate::forge::{self, NOW};

const PKCS1_PRIVATE: &str = include_str!("../keys/rfc7515_a2.pkcs1.pem");
const PKCS1_PUBLIC: &str = include_str!("../keys/rfc7515_a2.pkcs1_public.pem");

#[test]
fn all_forms_are_the_same_key_and_are_written_as_openssl_writes_them() {
    let public = forge::public();
    assert_eq!(public.bits(), 2048);
    assert_eq!(public.to_pem(), forge::PUBLIC);
    assert_eq!(PublicKey::from_pem(PKCS1_PUBLIC).expect("PKCS#1"), public);
    for text in [forge::PRIVATE, PKCS1_PRIVATE, &forge::PRIVATE.replace('\n', "\r\n")] {
        let private = PrivateKey::from_pem(text).expect("a private key");
        assert_eq!(private.public_key().expect("its public key"), public);
        assert_eq!(*private.to_pem().expect("PKCS#8"), forge::PRIVATE);
    }
}

#[test]
fn a_key_that_is_made_signs_and_no_two_are_alike() {
    let (one, two) = (PrivateKey::generate().expect("a key"), PrivateKey::generate().expect("a key"));
    assert_eq!(one.public_key().expect("public").bits(), 2048);
    assert_ne!(one.public_key().expect("public"), two.public_key().expect("public"));
    let read = PrivateKey::from_pem(&one.to_pem().expect("PKCS#8")).expect("read again");
    let token = forge::claims(&format!(r#"{{"application_id":"{}","iat":{},"jti":"1"}}"#, forge::APPLICATION, NOW.0));
    assert!(application::verify(&token, &read.public_key().expect("public"), NOW).is_err());
}

#[test]
fn what_is_no_such_key_is_refused_and_named() {
    let public = |text: &str| PublicKey::from_pem(text).expect_err("refused");
    let private = |text: &str| PrivateKey::from_pem(text).expect_err("refused");
    let wrong = |expected, found| KeyFault::WrongBlock { expected, found };
    assert_eq!(public(include_str!("../keys/bits_1024.spki.pem")), KeyFault::TooShort { bits: 1024 });
    assert_eq!(public(include_str!("../keys/bits_8192.spki.pem")), KeyFault::TooLong { bits: 8192 });
    assert_eq!(PublicKey::from_pem(include_str!("../keys/bits_4096.spki.pem")).map(|key| key.bits()), Ok(4096));
    assert_eq!(private(include_str!("../keys/bits_1024.pkcs8.pem")), KeyFault::Unreadable);
    assert_eq!(public(include_str!("../keys/p256.spki.pem")), KeyFault::Unreadable);
    assert_eq!(public(include_str!("../keys/exponent_1.pkcs1_public.pem")), KeyFault::Unreadable);
    assert_eq!(public(forge::PRIVATE), wrong("PUBLIC KEY", Block::PrivateKey));
    assert_eq!(private(forge::PUBLIC), wrong("PRIVATE KEY", Block::PublicKey));
    let encrypted = include_str!("../keys/encrypted.pkcs8.pem");
    assert_eq!(private(encrypted), wrong("PRIVATE KEY", Block::EncryptedPrivateKey));
    let certificate = forge::PUBLIC.replace("PUBLIC KEY", "CERTIFICATE");
    assert_eq!(public(&certificate), wrong("PUBLIC KEY", Block::Certificate));
    for text in ["", "key", &forge::PUBLIC[30..], &format!("{0}{0}", forge::PUBLIC), &"-----BEGIN ".repeat(2_000)] {
        assert_eq!(public(text), KeyFault::NotPem);
    }
}

#[test]
fn an_octet_more_less_or_other_is_another_key_or_none() {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::STANDARD;
    let body: String = forge::PUBLIC.lines().filter(|line| !line.starts_with('-')).collect();
    let der = engine.decode(body).expect("base64");
    let text = |der: &[u8]| format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", engine.encode(der));
    assert_eq!(PublicKey::from_pem(&text(&der)).expect("itself"), forge::public());
    assert!(PublicKey::from_pem(&text(&[&der[..], &[0]].concat())).is_err());
    assert!(PublicKey::from_pem(&text(&der[..der.len() - 1])).is_err());
    for index in 0..der.len() {
        let mut changed = der.clone();
        changed[index] ^= 1;
        if let Ok(key) = PublicKey::from_pem(&text(&changed)) {
            assert_ne!(key, forge::public(), "octet {index}");
        }
    }
}

#[test]
fn keys_do_not_show_themselves() {
    let shown = format!("{:?} {:?}", forge::private(), forge::public());
    assert_eq!(shown, "[private key] [public key, 2048 bits]");
}
