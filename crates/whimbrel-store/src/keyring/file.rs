//! The file of keys: read whole, and replaced as a whole, so that no crash leaves half of one.
//!
//! ```text
//! whimbrel keys 1
//! current 2
//! key 2 <64 hexadecimal digits>
//! digest 1 <64 hexadecimal digits>
//! ```
//!
//! `key` lines hold root keys, `digest` lines the part of a key given up that still compares secrets. The first version of the
//! program wrote the 32 bytes of its one key and nothing else; such a file is read as key 1.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{DigestKey, KEY_BYTES, KeyBytes, KeyId, KeyringError, Keys, Root, random};

/// The file's name.
pub const KEY_FILE: &str = "secret.key";
const FIRST_LINE: &str = "whimbrel keys 1";
/// More than 255 lines need.
const BYTES_MAX: u64 = 64 * 1024;

/// Reads the file.
///
/// # Errors
/// [`KeyringError`]: a file that others may read, or that makes no sense, is refused.
pub(super) fn read(path: &Path) -> Result<Keys, KeyringError> {
    let failed = |source| KeyringError::File { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyringError::Permissions { path: path.to_owned(), mode });
        }
    }
    let malformed = |line| KeyringError::Malformed { path: path.to_owned(), line };
    if !metadata.is_file() || metadata.len() > BYTES_MAX {
        return Err(malformed(None));
    }
    // Of the right size from the start: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(BYTES_MAX as usize));
    file.take(BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?;
    if let Ok(root) = <[u8; KEY_BYTES]>::try_from(bytes.as_slice()) {
        return Ok(Keys::one(Zeroizing::new(root)));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| malformed(None))?;
    parse(text).map_err(malformed)
}

/// The keys of a text, or the line that makes no sense.
fn parse(text: &str) -> Result<Keys, Option<usize>> {
    let mut lines = text.lines().zip(1..);
    if lines.next().map(|(line, _)| line) != Some(FIRST_LINE) || !text.ends_with('\n') {
        return Err(None);
    }
    let mut current = None;
    let (mut roots, mut digests) = (BTreeMap::new(), BTreeMap::new());
    for (line, number) in lines {
        let mut words = line.split(' ');
        let (kind, id, bytes, end) = (words.next(), words.next().and_then(key_id), words.next(), words.next());
        let id = id.filter(|_| end.is_none()).ok_or(Some(number))?;
        let is_new = !roots.contains_key(&id) && !digests.contains_key(&id);
        let key = || bytes.filter(|_| is_new).and_then(key_bytes).ok_or(Some(number));
        match kind {
            Some("current") if current.is_none() && bytes.is_none() => current = Some(id),
            Some("key") => _ = roots.insert(id, Root::new(key()?)),
            Some("digest") => _ = digests.insert(id, DigestKey::new(key()?)),
            _ => return Err(Some(number)),
        }
    }
    match current {
        Some(current) if roots.contains_key(&current) => Ok(Keys { current, roots, digests }),
        _ => Err(None),
    }
}

fn key_id(text: &str) -> Option<KeyId> {
    let is_plain = text.len() <= 3 && text.bytes().all(|digit| digit.is_ascii_digit());
    text.parse().ok().filter(|id| is_plain && *id > 0).map(KeyId)
}

fn key_bytes(text: &str) -> Option<KeyBytes> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    let pairs = text.as_bytes().chunks_exact(2);
    if text.len() != 2 * KEY_BYTES || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, pair) in key.iter_mut().zip(pairs) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(key)
}

fn text(keys: &Keys) -> Zeroizing<String> {
    let lines = 2 + keys.roots.len() + keys.digests.len();
    let mut text = Zeroizing::new(String::with_capacity(lines * (2 * KEY_BYTES + 16)));
    let roots = keys.roots.iter().map(|(id, root)| ("key", id, &root.root));
    let digests = keys.digests.iter().map(|(id, digest)| ("digest", id, &digest.bytes));
    // Writing to a string does not fail.
    let _ = writeln!(text, "{FIRST_LINE}\ncurrent {}", keys.current);
    for (kind, id, bytes) in roots.chain(digests) {
        let _ = write!(text, "{kind} {id} ");
        for byte in bytes.iter() {
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\n');
    }
    text
}

/// Makes the file, unless there is one: a link fails if the name is taken, and never shows half a file.
///
/// # Errors
/// [`KeyringError`]; that another process was faster is none.
pub(super) fn create(path: &Path, keys: &Keys) -> Result<(), KeyringError> {
    beside(path, keys, |draft, path| match fs::hard_link(draft, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => fs::remove_file(draft),
    })
}

/// Puts another file in its place, which is there complete or not at all.
///
/// # Errors
/// [`KeyringError`]; the old file is there, unless only the flush of its folder failed: then it is one of the two.
pub(super) fn replace(path: &Path, keys: &Keys) -> Result<(), KeyringError> {
    beside(path, keys, |draft, path| fs::rename(draft, path))
}

/// Writes and flushes a draft beside the file, lets `place` give it its name, and flushes the folder. A draft is not left behind.
fn beside(path: &Path, keys: &Keys, place: fn(&Path, &Path) -> io::Result<()>) -> Result<(), KeyringError> {
    let failed = |source| KeyringError::File { path: path.to_owned(), source };
    let folder = path.parent().map_or_else(|| PathBuf::from("."), Path::to_owned);
    let mut mark = [0; 8];
    random(&mut mark)?;
    let draft = folder.join(format!("{KEY_FILE}.{:016x}.draft", u64::from_le_bytes(mark)));
    let placed = write(&draft, text(keys).as_bytes()).and_then(|()| place(&draft, path));
    if placed.is_err() {
        // It may not have been made at all.
        let _ = fs::remove_file(&draft);
    }
    placed.and_then(|()| File::open(&folder)?.sync_all()).map_err(failed)
}

fn write(draft: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(draft)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(byte: u8) -> String {
        format!("{byte:02x}").repeat(KEY_BYTES)
    }

    #[test]
    fn what_is_written_is_read() {
        let written = format!(
            "whimbrel keys 1\ncurrent 7\nkey 2 {}\nkey 7 {}\ndigest 1 {}\ndigest 255 {}\n",
            hex(2),
            hex(7),
            hex(1),
            hex(255)
        );
        let keys = parse(&written).expect("a good file");
        assert_eq!((keys.current, keys.roots.len(), keys.digests.len()), (KeyId(7), 2, 2));
        assert_eq!(*keys.roots[&KeyId(2)].root, [2; KEY_BYTES]);
        assert_eq!(text(&keys).as_str(), written);
    }

    #[test]
    fn nothing_is_guessed() {
        let good = format!("whimbrel keys 1\ncurrent 1\nkey 1 {}\n", hex(1));
        assert!(parse(&good).is_ok());
        let line = |line: &str| format!("{good}{line}\n");
        for (wrong, place) in [
            (String::new(), None),
            (good.trim_end().to_owned(), None),
            (good.replace("keys 1", "keys 2"), None),
            (good.replace("current 1", "current 2"), None),
            (good.replace("current 1\n", ""), None),
            (line("current 1"), Some(4)),
            (line(""), Some(4)),
            (line(&format!("key 1 {}", hex(2))), Some(4)),
            (line(&format!("digest 1 {}", hex(2))), Some(4)),
            (line(&format!("key 0 {}", hex(2))), Some(4)),
            (line(&format!("key 256 {}", hex(2))), Some(4)),
            (line(&format!("key +2 {}", hex(2))), Some(4)),
            (line(&format!("key 2 {}0", hex(2))), Some(4)),
            (line(&format!("key 2 {} x", hex(2))), Some(4)),
            (line(&format!("key 2 +{}", &hex(2)[1..])), Some(4)),
            (line("key 2"), Some(4)),
            (line(&format!("secret 2 {}", hex(2))), Some(4)),
        ] {
            assert_eq!(parse(&wrong).err(), Some(place), "{wrong}");
        }
    }
}
