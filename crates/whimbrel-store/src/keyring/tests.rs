use super::*;

/// A folder of its own for a test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("whimbrel-keyring-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a writable temporary folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_secret_can_be_read_again_only_with_the_same_key_and_place() {
    let keyring = Keyring::from_bytes([7; 32]);
    let secret = Secret::new("devSignature01");
    let sealed = keyring.seal(&secret, b"account 1").expect("random bytes");
    assert_eq!(keyring.unseal(&sealed, b"account 1").ok(), Some(secret.clone()));
    assert!(keyring.unseal(&sealed, b"account 2").is_err());
    assert!(Keyring::from_bytes([8; 32]).unseal(&sealed, b"account 1").is_err());
    assert!(!sealed.as_bytes().windows(14).any(|window| window == b"devSignature01"));
    assert_ne!(keyring.seal(&secret, b"account 1").ok(), Some(sealed), "nonces differ");
}

#[test]
fn a_changed_or_cut_seal_is_refused() {
    let keyring = Keyring::from_bytes([7; 32]);
    let sealed = keyring.seal(&Secret::new("x"), b"").expect("random bytes");
    for index in 0..sealed.as_bytes().len() {
        let mut bytes = sealed.as_bytes().to_vec();
        bytes[index] ^= 1;
        assert!(keyring.unseal(&SealedSecret::from_bytes(bytes), b"").is_err(), "byte {index}");
        assert!(keyring.unseal(&SealedSecret::from_bytes(sealed.as_bytes()[..index].to_vec()), b"").is_err());
    }
}

#[test]
fn digests_tell_secrets_apart_and_depend_on_the_key() {
    let keyring = Keyring::from_bytes([7; 32]);
    let digest = keyring.digest(&Secret::new("devSecret01"));
    assert_eq!(digest, keyring.digest(&Secret::new("devSecret01")));
    assert_ne!(digest, keyring.digest(&Secret::new("devSecret02")));
    assert_ne!(digest, Keyring::from_bytes([8; 32]).digest(&Secret::new("devSecret01")));
    assert_eq!(format!("{keyring:?} {digest:?}"), "[keyring] [digest]");
}

#[test]
fn hmac_is_that_of_rfc_4231() {
    // RFC 4231 §4.4, test case 3 has a key of 20 bytes of 0xaa; HMAC pads keys with zeros to the block, so 32 bytes with
    // twelve zeros at the end are the same key.
    let mut key = [0; 32];
    key[..20].fill(0xaa);
    let expected = "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe";
    let hex: String = hmac(&key, &[0xdd; 50]).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, expected);
}

#[test]
fn the_key_file_is_made_once_and_for_its_owner_only() {
    let folder = Folder::new("once");
    let first = Keyring::open(&folder.0).expect("made");
    let second = Keyring::open(&folder.0).expect("read");
    assert_eq!(first.digest(&Secret::new("s")), second.digest(&Secret::new("s")));
    assert_eq!(fs::read_dir(&folder.0).expect("a folder").count(), 1, "no draft is left");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.0.join(KEY_FILE);
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("ours");
        let error = Keyring::open(&folder.0).expect_err("open to the group");
        assert!(matches!(error, KeyringError::Permissions { mode: 0o640, .. }));
        assert!(error.to_string().contains("chmod 600"));
    }
}

#[test]
fn a_key_file_of_another_length_is_refused_and_left_alone() {
    let folder = Folder::new("length");
    Keyring::open(&folder.0).expect("made");
    let path = folder.0.join(KEY_FILE);
    fs::write(&path, [1; 31]).expect("ours");
    assert!(matches!(Keyring::open(&folder.0), Err(KeyringError::Length { size_bytes: 31, .. })));
    assert_eq!(fs::read(&path).expect("there").len(), 31);
}

#[test]
fn a_missing_folder_is_reported_with_its_place() {
    let folder = Folder::new("missing");
    let error = Keyring::open(&folder.0.join("no")).expect_err("no folder");
    assert!(error.to_string().contains(KEY_FILE));
}
