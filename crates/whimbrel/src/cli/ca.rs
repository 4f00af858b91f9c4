//! `whimbrel ca`: the local certificate authority, for clients that must trust it.

use std::path::PathBuf;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::args::{CaCommand, CaFormat, ServerArgs};
use super::config::default_data_dirs;
use super::output::{self, Out};
use super::{Exit, Failure};
use crate::server::files::{Readers, read_text, write_whole};

pub(super) fn run(command: CaCommand, out: &Out) -> Result<(), Failure> {
    match command {
        CaCommand::Show { server } => {
            let (path, _, der) = find(&server)?;
            let fingerprint = fingerprint(&der);
            let document = json!({ "path": path, "sha256": fingerprint });
            out.document("ca", &document, || {
                let path = path.display();
                format!("{path}\nSHA-256 {fingerprint}\n\ncurl --cacert {path} ...\nexport REQUESTS_CA_BUNDLE={path}\nexport NODE_EXTRA_CA_CERTS={path}")
            });
        }
        CaCommand::Export { server, format, out: file } => {
            let (_, pem, der) = find(&server)?;
            let octets = match format {
                CaFormat::Pem => pem.into_bytes(),
                CaFormat::Der => der.to_vec(),
            };
            match file {
                None => output::octets(&octets),
                Some(path) => {
                    write_whole(&path, &octets, Readers::Everyone)
                        .map_err(|error| Failure::from_error(Exit::Failed, "the certificate", &error))?;
                    out.hint(&format!("wrote {}", path.display()));
                }
            }
        }
    }
    Ok(())
}

/// The root certificate of the data folder: its path, its text and its octets.
fn find(args: &ServerArgs) -> Result<(PathBuf, String, CertificateDer<'static>), Failure> {
    let folders = match &args.data_dir {
        Some(folder) => vec![folder.clone()],
        None => default_data_dirs(),
    };
    let paths: Vec<PathBuf> = folders.iter().map(|folder| folder.join("ca.pem")).collect();
    let Some(path) = paths.iter().find(|path| path.exists()) else {
        let looked: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        let message = format!("there is no {}: a server with HTTPS makes it; give --data-dir", looked.join(" and no "));
        return Err(Failure::new(Exit::NotFound, message));
    };
    let pem = read_text(path).map_err(|error| Failure::from_error(Exit::Failed, "the certificate", &error))?;
    let der = CertificateDer::from_pem_slice(pem.as_bytes())
        .map_err(|error| Failure::from_error(Exit::Failed, &format!("{} is no certificate", path.display()), &error))?;
    Ok((path.clone(), pem, der))
}

fn fingerprint(der: &[u8]) -> String {
    let octets: Vec<String> = Sha256::digest(der).iter().map(|octet| format!("{octet:02X}")).collect();
    octets.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_written_as_other_tools_write_it() {
        // SHA-256 of "abc", FIPS 180-4.
        assert!(fingerprint(b"abc").starts_with("BA:78:16:BF:8F:01:CF:EA:41:41:40:DE"));
    }
}
