use std::fs;

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
fn a_generated_secret_is_proved_by_itself_and_the_same_key_only() {
    let keyring = Keyring::from_bytes([7; 32]);
    let secret = Secret::new("devSecret01");
    let verifier = keyring.verifier(&secret);
    assert_eq!(verifier, keyring.verifier(&secret));
    assert!(keyring.proves(&verifier, &secret));
    assert!(!keyring.proves(&verifier, &Secret::new("devSecret02")));
    assert!(!Keyring::from_bytes([8; 32]).proves(&verifier, &secret));
    assert_eq!(format!("{keyring:?} {verifier:?}"), "[keyring] [generated secret]");
}

#[test]
fn a_chosen_secret_is_proved_by_itself_with_its_salt_cost_and_key() {
    let keyring = Keyring::from_bytes([7; 32]);
    let secret = Secret::new("Abcdefg123");
    let verifier = keyring.chosen_verifier(&secret).expect("a salt");
    assert_ne!(verifier, keyring.chosen_verifier(&secret).expect("a salt"), "salts differ");
    assert!(keyring.proves(&verifier, &secret));
    assert!(!keyring.proves(&verifier, &Secret::new("Abcdefg124")));
    assert!(!Keyring::from_bytes([8; 32]).proves(&verifier, &secret), "keyed: the database alone is no use");
    let SecretVerifier::Chosen { key, cost, salt, digest } = verifier else { panic!("chosen") };
    let cheaper = ChosenCost::of(cost.memory_kib / 2, cost.passes).expect("a cost");
    assert!(!keyring.proves(&SecretVerifier::Chosen { key, cost: cheaper, salt, digest }, &secret));
    assert_eq!((ChosenCost::of(1 << 30, 2), ChosenCost::of(1024, 1000), ChosenCost::of(0, 2)), (None, None, None));
}

#[test]
fn a_proof_in_memory_is_no_digest_of_the_store() {
    let keyring = Keyring::from_bytes([7; 32]);
    let secret = Secret::new("devSecret01");
    let SecretVerifier::Digest { digest, .. } = keyring.verifier(&secret) else { panic!("generated") };
    assert_ne!(keyring.proof(&secret), digest);
    let proof = keyring.proof(&secret);
    keyring.begin_rotation().expect("random bytes");
    assert_eq!(keyring.proof(&secret), proof, "a rotation does not make memory forget");
}

#[test]
fn a_rotation_reads_the_old_until_it_is_finished() {
    let folder = Folder::new("rotation");
    let keyring = Keyring::open(&folder.0).expect("made");
    let clone = keyring.clone();
    let (secret, generated) = (Secret::new("devSignature01"), Secret::new("devSecret01"));
    let (old, verifier) = (keyring.seal(&secret, b"a").expect("sealed"), keyring.verifier(&generated));
    let old_mark = keyring.check();

    assert_eq!(keyring.begin_rotation().expect("begun"), KeyId(2));
    assert_eq!(clone.states(), [(KeyId(1), KeyState::Retiring), (KeyId(2), KeyState::Current)]);
    assert_eq!(keyring.begin_rotation().expect("under way"), KeyId(2), "a second call does not make a third key");
    let new = clone.seal(&secret, b"a").expect("sealed");
    assert_eq!((old.key_id(), new.key_id()), (KeyId(1), KeyId(2)));
    // As after a crash: another process reads the file.
    for keyring in [&keyring, &Keyring::open(&folder.0).expect("read")] {
        for sealed in [&old, &new] {
            assert_eq!(keyring.unseal(sealed, b"a").ok(), Some(secret.clone()));
        }
        assert!(keyring.is_rotating() && keyring.knows(&old_mark) && keyring.knows(&keyring.check()));
        assert!(keyring.proves(&verifier, &generated));
    }

    keyring.finish_rotation(&[KeyId(1), KeyId(2), KeyId(9)]).expect("finished");
    keyring.finish_rotation(&[KeyId(1)]).expect("finished before");
    for keyring in [&clone, &Keyring::open(&folder.0).expect("read")] {
        assert_eq!(keyring.states(), [(KeyId(1), KeyState::DigestsOnly), (KeyId(2), KeyState::Current)]);
        assert!(keyring.unseal(&old, b"a").is_err(), "the old key opens nothing");
        assert!(keyring.unseal(&new, b"a").is_ok() && keyring.proves(&verifier, &generated));
        assert!(!keyring.knows(&old_mark) && !keyring.is_rotating());
    }
    keyring.begin_rotation().expect("begun");
    keyring.finish_rotation(&[]).expect("finished");
    assert_eq!(keyring.states(), [(KeyId(3), KeyState::Current)]);
    assert!(!keyring.proves(&verifier, &generated), "nobody had digests of it");
    assert_eq!(fs::read_dir(&folder.0).expect("a folder").count(), 1, "no draft is left");
}

#[test]
fn key_numbers_go_round_and_none_is_given_twice() {
    let keyring = Keyring::from_bytes([7; 32]);
    for _ in 0..300 {
        keyring.begin_rotation().expect("begun");
        keyring.finish_rotation(&[KeyId(5)]).expect("finished");
    }
    // 300 further from 1, without 0 and, from the second round on, without 5.
    assert_eq!(keyring.states(), [(KeyId(5), KeyState::DigestsOnly), (KeyId(47), KeyState::Current)]);
    let mut all: Vec<KeyId> = (1..=255).map(KeyId).collect();
    for _ in 0..254 {
        let Ok(_) = keyring.begin_rotation() else { break };
        keyring.finish_rotation(&all).expect("finished");
    }
    all.retain(|id| *id != keyring.current());
    assert_eq!(keyring.states().len(), 255);
    assert!(matches!(keyring.begin_rotation(), Err(KeyringError::TooManyKeys)));
}

#[test]
fn the_file_of_the_first_version_is_read_as_key_1() {
    let folder = Folder::new("first-version");
    let path = folder.0.join(KEY_FILE);
    fs::write(&path, [7; 32]).expect("ours");
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("ours");
    let (keyring, bare) = (Keyring::open(&folder.0).expect("read"), Keyring::from_bytes([7; 32]));
    let secret = Secret::new("devSignature01");
    let sealed = bare.seal(&secret, b"a").expect("sealed");
    assert_eq!(keyring.unseal(&sealed, b"a").ok(), Some(secret.clone()));
    assert_eq!((keyring.check(), fs::read(&path).expect("there").len()), (bare.check(), 32));
    keyring.begin_rotation().expect("begun");
    assert!(Keyring::open(&folder.0).expect("read").unseal(&sealed, b"a").is_ok());
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
    assert_eq!(first.verifier(&Secret::new("s")), second.verifier(&Secret::new("s")));
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
    assert!(matches!(Keyring::open(&folder.0), Err(KeyringError::Malformed { line: None, .. })));
    assert_eq!(fs::read(&path).expect("there").len(), 31);
}

#[test]
fn a_missing_folder_is_reported_with_its_place() {
    let folder = Folder::new("missing");
    let error = Keyring::open(&folder.0.join("no")).expect_err("no folder");
    assert!(error.to_string().contains(KEY_FILE));
}
