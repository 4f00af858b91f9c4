//! What can be seen of a data folder from outside, and of the machine.

use std::fs;
use std::io::{self, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio::time::Instant;
use whimbrel_core::{Timestamp, World};
use whimbrel_engine::SystemWorld;
use whimbrel_store::keyring::KEY_FILE;

use super::Finding;
use crate::server::files::remove_if_there;

/// Below the one the store may stop soon, below the other somebody should look.
const FREE_BYTES_MIN: u64 = 100 << 20;
const FREE_BYTES_GOOD: u64 = 1 << 30;
/// A flush that takes longer limits what is accepted: each waits for one.
const FLUSH_TIME_GOOD: Duration = Duration::from_millis(20);
const FLUSHES: u32 = 5;
/// A certificate with less left than this is to be replaced.
const DAYS_LEFT_GOOD: i64 = 30;
/// Where `serve` listens unless it is told otherwise.
const PORTS: [u16; 3] = [7670, 7671, 2776];
/// What only its owner may read.
const PRIVATE: [&str; 7] =
    [KEY_FILE, "ca.key", "server-rsa.key", "server-ecdsa.key", "admin.token", "run.json", "whimbrel.db"];

pub(super) fn look(folder: &Path) -> Vec<Finding> {
    let now = SystemWorld::new(0, 0).now();
    vec![permissions(folder), disk(folder), flush(folder), certificates(folder, now)]
}

fn permissions(folder: &Path) -> Finding {
    const NAME: &str = "data folder";
    let mode = |path: &Path| fs::metadata(path).map(|metadata| metadata.permissions().mode() & 0o777);
    let folder_mode = match mode(folder) {
        Ok(mode) => mode,
        Err(error) => {
            let remedy = "give --data-dir, or start a server there";
            return Finding::bad(NAME, format!("{}: {error}", folder.display()), remedy);
        }
    };
    let open = PRIVATE.iter().filter(|name| mode(&folder.join(name)).is_ok_and(|mode| mode & 0o077 != 0));
    let mut open: Vec<String> = open.map(|name| (*name).to_owned()).collect();
    // A closed folder keeps what is in it.
    if folder_mode & 0o077 == 0 {
        open.retain(|name| name != "whimbrel.db");
    }
    if open.is_empty() {
        return Finding::well(NAME, format!("{}, its keys are its owner's", folder.display()));
    }
    let remedy = format!("chmod 700 {0}; chmod 600 {0}/{{{1}}}", folder.display(), open.join(","));
    Finding::bad(NAME, format!("others may read {}", open.join(", ")), remedy)
}

fn disk(folder: &Path) -> Finding {
    const NAME: &str = "disk";
    let disk = match rustix::fs::statvfs(folder) {
        Ok(disk) => disk,
        Err(error) => return Finding::unseen(NAME, error.to_string()),
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let seen = format!("{:.1} GiB free", free as f64 / (1u64 << 30) as f64);
    let remedy = "make room, or shorten `[retention]`: on a full disk nothing is accepted";
    if free < FREE_BYTES_MIN {
        Finding::bad(NAME, seen, remedy)
    } else if free < FREE_BYTES_GOOD {
        Finding::doubtful(NAME, seen, remedy)
    } else {
        Finding::well(NAME, seen)
    }
}

/// How long the disk takes to keep something: what every acceptance waits for.
fn flush(folder: &Path) -> Finding {
    const NAME: &str = "flush";
    let path = folder.join(format!("doctor-{}.tmp", std::process::id()));
    let measured = time_of_a_flush(&path);
    // What was measured tells more than that the file stays.
    _ = remove_if_there(&path);
    match measured {
        Ok(time) => {
            let seen = format!("{:.1} ms", time.as_secs_f64() * 1e3);
            match time > FLUSH_TIME_GOOD {
                true => {
                    Finding::doubtful(NAME, seen, "slow: use a local disk with a cache that is safe from power cuts")
                }
                false => Finding::well(NAME, seen),
            }
        }
        Err(error) => Finding::unseen(NAME, format!("cannot write into the folder: {error}")),
    }
}

fn time_of_a_flush(path: &Path) -> io::Result<Duration> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    let start = Instant::now();
    for _ in 0..FLUSHES {
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
    }
    Ok(start.elapsed() / FLUSHES)
}

fn certificates(folder: &Path, now: Timestamp) -> Finding {
    const NAME: &str = "certificates";
    let mut soonest: Option<(i64, &str)> = None;
    for name in ["ca.pem", "server-rsa.pem", "server-ecdsa.pem"] {
        let path = folder.join(name);
        if !path.exists() {
            continue;
        }
        let Some(end) = expires_at(&path) else {
            let remedy = "restore ca.pem and ca.key from a backup; server-* may be removed, the next start makes them";
            return Finding::bad(NAME, format!("{name} cannot be read"), remedy);
        };
        let days = (end.unix_seconds() - now.unix_seconds()) / 86_400;
        if soonest.is_none_or(|(least, _)| days < least) {
            soonest = Some((days, name));
        }
    }
    let remedy = "a restart makes new server certificates; your own (listen.tls_certificate) you replace yourself";
    match soonest {
        None => Finding::unseen(NAME, "no local authority: HTTPS is off, or has a certificate of your own"),
        Some((days, name)) if days < 0 => Finding::bad(NAME, format!("{name} has expired"), remedy),
        Some((days, name)) if days < DAYS_LEFT_GOOD => {
            Finding::doubtful(NAME, format!("{name} expires in {days} days"), remedy)
        }
        Some((days, name)) => Finding::well(NAME, format!("{name} is the first to expire, in {days} days")),
    }
}

fn expires_at(path: &Path) -> Option<Timestamp> {
    let der = CertificateDer::from_pem_file(path).ok()?;
    let (_, certificate) = x509_parser::parse_x509_certificate(&der).ok()?;
    Some(Timestamp(certificate.validity().not_after.timestamp().saturating_mul(1_000_000)))
}

/// Whether a server could listen where it does by itself.
pub(super) fn ports() -> Vec<Finding> {
    let taken = PORTS.iter().filter_map(|port| {
        let error = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, *port)).err()?;
        Some(format!("{port} ({error})"))
    });
    let taken: Vec<String> = taken.collect();
    vec![match taken.is_empty() {
        true => Finding::well("ports", PORTS.map(|port| port.to_string()).join(", ") + " are free"),
        false => Finding::doubtful(
            "ports",
            format!("cannot listen on {}", taken.join(", ")),
            "another program has them: choose others by --http, --https and --simulator",
        ),
    }]
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;
    use crate::server::ca;
    use crate::server::files::tests::TestFolder;

    #[test]
    fn open_keys_and_old_certificates_are_found() {
        /// 2026-11-25T00:00:00Z.
        const NOW: Timestamp = Timestamp(1_795_564_800_000_000);
        let folder = TestFolder::new();
        ca::open(folder.path(), &["localhost".to_owned()], NOW).unwrap();
        assert_eq!(permissions(folder.path()).verdict, Verdict::Well);
        let later = |days: i64| certificates(folder.path(), Timestamp(NOW.0 + days * 86_400_000_000)).verdict;
        assert_eq!([later(0), later(370), later(400)], [Verdict::Well, Verdict::Doubtful, Verdict::Bad]);
        fs::set_permissions(folder.path().join("ca.key"), fs::Permissions::from_mode(0o644)).unwrap();
        let finding = permissions(folder.path());
        assert!(finding.verdict == Verdict::Bad && finding.seen == "others may read ca.key", "{finding:?}");
        fs::write(folder.path().join("ca.pem"), "nonsense").unwrap();
        assert_eq!(later(0), Verdict::Bad);
    }

    #[test]
    fn a_flush_is_measured_and_leaves_nothing() {
        let folder = TestFolder::new();
        assert_ne!(flush(folder.path()).verdict, Verdict::Unseen);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(flush(&folder.path().join("none")).verdict, Verdict::Unseen);
    }
}
