//! TLS over the loopback interface, with certificates made for the test.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use whimbrel_core::{CarrierEvent, Secret};
use whimbrel_smpp::session::{Event, Instant, Session, SmscConfig};
use whimbrel_smpp::{Body, CommandStatus, MessageIdBody};

use super::harness::{CARRIER, outcome, submission, world};
use crate::smpp::{SmppConfig, SystemRoots, Tls, TlsOptions, Verify, start};

type Authority = CertifiedIssuer<'static, KeyPair>;

struct Leaf {
    certificate: CertificateDer<'static>,
    pem: String,
    key: KeyPair,
}

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("it signs itself")
}

fn leaf(authority: &Authority, name: &str) -> Leaf {
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, authority).expect("it is signed");
    Leaf { pem: certificate.pem(), certificate: certificate.der().clone(), key }
}

fn fingerprint(leaf: &Leaf) -> [u8; 32] {
    Sha256::digest(&leaf.certificate).into()
}

/// A centre that takes one connection and accepts everything on it.
async fn centre(leaf: &Leaf, clients: Option<&Authority>) -> u16 {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("versions");
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.der().clone()).expect("an authority");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.expect("roots"))
        }
    };
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf.key.serialize_der()));
    let config = builder.with_single_cert(vec![leaf.certificate.clone()], key).expect("they fit");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    tokio::spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not trust us goes away.
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            serve(stream).await;
        }
    });
    port
}

async fn serve(mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin) {
    let now = Instant(0);
    let mut session = Session::smsc(SmscConfig::default(), now);
    let mut octets = [0; 4_096];
    loop {
        while let Some(event) = session.next_event() {
            match event {
                Event::BindRequested { .. } => session.accept_bind(b"SMSC", now),
                Event::Request(pdu) => {
                    let body = Body::SubmitSmResp(MessageIdBody::new(pdu.sequence.to_string()));
                    session.respond(pdu.sequence, CommandStatus::ROK, body, now);
                }
                _ => {}
            }
        }
        while session.has_output() {
            if stream.write_all(session.output()).await.is_err() || stream.flush().await.is_err() {
                return;
            }
            session.output().clear();
        }
        match stream.read(&mut octets).await {
            Ok(count) if count > 0 => session.received(&octets[..count], now),
            _ => return,
        }
    }
}

/// Binds and sends a hundred parts; or says why not.
async fn sends(port: u16, options: TlsOptions) -> Result<(), String> {
    let tls = Tls::new(options).map_err(|fault| fault.to_string())?;
    let (sender, mut events) = mpsc::channel(100);
    let mut config = SmppConfig::new("acme", "127.0.0.1", port, "esme1", Secret::new("secret08"));
    config.tls = Some(tls);
    config.window_max = 100;
    let carrier = start(config, CARRIER, Arc::default(), sender, world());
    match events.recv().await.expect("the carrier lives") {
        CarrierEvent::Up { .. } => {}
        CarrierEvent::Down { why, .. } => return Err(why.into()),
        other => panic!("{other:?}"),
    }
    for part in 1..=100 {
        assert!(carrier.submit(submission(part)).is_ok());
    }
    for _ in 0..100 {
        let event = events.recv().await.expect("the carrier lives");
        // A centre that wants a certificate may say so only after our end thinks that all is well.
        if let CarrierEvent::Down { why, .. } = event {
            return Err(why.into());
        }
        assert!(outcome(&event).is_some_and(|outcome| outcome.ends_with(" sent")), "{event:?}");
    }
    carrier.close().await;
    Ok(())
}

fn trusting(authority: &Authority) -> TlsOptions {
    TlsOptions {
        ca_pem: Some(authority.pem().into_bytes()),
        system_roots: SystemRoots::Ignore,
        ..TlsOptions::default()
    }
}

#[tokio::test]
async fn a_carrier_of_a_trusted_authority_and_the_right_name_is_bound() {
    let ours = authority();
    let port = centre(&leaf(&ours, "127.0.0.1"), None).await;
    assert_eq!(sends(port, trusting(&ours)).await, Ok(()));
    let named = centre(&leaf(&ours, "smsc.example"), None).await;
    let options = TlsOptions { server_name: Some("smsc.example".into()), ..trusting(&ours) };
    assert_eq!(sends(named, options).await, Ok(()));
}

#[tokio::test]
async fn strangers_are_not_spoken_to() {
    let (ours, theirs) = (authority(), authority());
    let (good, bad) = (leaf(&ours, "127.0.0.1"), leaf(&theirs, "127.0.0.1"));
    let refused = |result: Result<(), String>| {
        let why = result.expect_err("it was spoken to");
        assert!(why.contains("TLS: invalid peer certificate"), "{why}");
    };
    refused(sends(centre(&bad, None).await, trusting(&ours)).await);
    refused(sends(centre(&leaf(&ours, "smsc.example"), None).await, trusting(&ours)).await);
    let wrong = TlsOptions { fingerprints: vec![fingerprint(&bad)], ..trusting(&ours) };
    refused(sends(centre(&good, None).await, wrong).await);
    let pinned = TlsOptions { fingerprints: vec![fingerprint(&good)], verify: Verify::Fingerprint, ..trusting(&ours) };
    refused(sends(centre(&bad, None).await, pinned).await);
}

#[tokio::test]
async fn a_fingerprint_counts_beside_the_authority_or_instead_of_it() {
    let (ours, theirs) = (authority(), authority());
    let good = leaf(&ours, "127.0.0.1");
    let both = TlsOptions { fingerprints: vec![fingerprint(&good)], ..trusting(&ours) };
    assert_eq!(sends(centre(&good, None).await, both).await, Ok(()));
    let unknown = leaf(&theirs, "other.example");
    let pinned =
        TlsOptions { fingerprints: vec![fingerprint(&unknown)], verify: Verify::Fingerprint, ..TlsOptions::default() };
    assert_eq!(sends(centre(&unknown, None).await, pinned).await, Ok(()));
    let blind = TlsOptions { verify: Verify::UnsafeNothing, ..TlsOptions::default() };
    assert_eq!(sends(centre(&unknown, None).await, blind).await, Ok(()));
}

#[tokio::test]
async fn a_carrier_may_want_our_certificate() {
    let ours = authority();
    let server = leaf(&ours, "127.0.0.1");
    let client = leaf(&ours, "esme.example");
    let with = TlsOptions {
        client_cert_pem: Some(client.pem.clone().into_bytes()),
        client_key_pem: Some(client.key.serialize_pem().into_bytes()),
        ..trusting(&ours)
    };
    assert_eq!(sends(centre(&server, Some(&ours)).await, with).await, Ok(()));
    assert!(sends(centre(&server, Some(&ours)).await, trusting(&ours)).await.is_err());
}

#[test]
fn what_cannot_be_used_is_said_by_its_field() {
    let ours = authority();
    let check = |field: &str, options: TlsOptions| {
        assert_eq!(Tls::new(options).map(|_| ()).map_err(|fault| fault.field), Err(field));
    };
    let check = |field: &'static str, options| check(field, options);
    let none = || TlsOptions { system_roots: SystemRoots::Ignore, ..TlsOptions::default() };
    check("ca_pem", none());
    check("ca_pem", TlsOptions { ca_pem: Some(b"no PEM".to_vec()), ..none() });
    check("server_name", TlsOptions { server_name: Some("not a name".into()), ..trusting(&ours) });
    check("fingerprints", TlsOptions { verify: Verify::Fingerprint, ..none() });
    let contradiction = TlsOptions { verify: Verify::UnsafeNothing, fingerprints: vec![[0; 32]], ..none() };
    check("fingerprints", contradiction);
    let client = leaf(&ours, "esme.example");
    let (certificate, key) = (client.pem.into_bytes(), client.key.serialize_pem().into_bytes());
    check("client_key_pem", TlsOptions { client_cert_pem: Some(certificate.clone()), ..trusting(&ours) });
    check("client_cert_pem", TlsOptions { client_key_pem: Some(key.clone()), ..trusting(&ours) });
    let other = leaf(&ours, "other.example").key.serialize_pem().into_bytes();
    let mixed = TlsOptions { client_cert_pem: Some(certificate), client_key_pem: Some(other), ..trusting(&ours) };
    check("client_key_pem", mixed);
    assert!(!format!("{:?}", Tls::new(trusting(&ours)).expect("good")).contains("BEGIN"));
}
