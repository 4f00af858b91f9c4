//! `cargo xtask sink`: an SMSC that answers at once and counts who was reached, for measuring gateways.
//!
//! One thread, so that it leaves the machine to the gateway. PDUs are decoded by hand: it must cost next to nothing. Counts
//! are asked over HTTP: `GET /stats`, and `GET /mark` starts the span that `span_us` measures, at the next submission.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;

use clap::Args;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::clock::Started;
use crate::failure::Outcome;

/// Where it listens.
#[derive(Args)]
pub struct Options {
    /// Where gateways bind.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where counts are asked.
    #[arg(long, default_value = "127.0.0.1:0")]
    http: SocketAddr,
    /// A file that gets both addresses as JSON once they are bound.
    #[arg(long)]
    ready_file: Option<PathBuf>,
}

const RESPONSE: u32 = 0x8000_0000;
const SUBMIT_SM: u32 = 4;
const UNBIND: u32 = 6;
const ENQUIRE_LINK: u32 = 0x15;
const BINDS: [u32; 3] = [1, 2, 9];
const STATUS_OK: u32 = 0;
const STATUS_INVALID_COMMAND: u32 = 3;
const STATUS_SYSTEM_ERROR: u32 = 8;
const PDU_BYTES_MAX: usize = 64 * 1024;

/// What came so far.
#[derive(Debug)]
struct Counts {
    began: Started,
    submissions: u64,
    malformed: u64,
    first_us: u64,
    last_us: u64,
    recipients: HashMap<u64, u32>,
    next_id: u64,
}

impl Counts {
    fn new() -> Self {
        Self {
            began: Started::now(),
            submissions: 0,
            malformed: 0,
            first_us: 0,
            last_us: 0,
            recipients: HashMap::new(),
            next_id: 0,
        }
    }

    fn json(&self) -> String {
        let unique = self.recipients.len();
        let span = self.last_us.saturating_sub(self.first_us);
        format!(
            "{{\"submissions\":{},\"unique\":{unique},\"malformed\":{},\"span_us\":{span}}}\n",
            self.submissions, self.malformed
        )
    }
}

type Shared = Rc<RefCell<Counts>>;

/// Serves until killed.
pub fn run(options: &Options) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    Ok(local.block_on(&runtime, serve(options))?)
}

async fn serve(options: &Options) -> std::io::Result<()> {
    let counts: Shared = Rc::new(RefCell::new(Counts::new()));
    let smpp = TcpListener::bind(options.listen).await?;
    let http = TcpListener::bind(options.http).await?;
    let ready = format!(
        "{{\"pid\":{},\"addr\":\"{}\",\"http\":\"{}\"}}\n",
        std::process::id(),
        smpp.local_addr()?,
        http.local_addr()?
    );
    match &options.ready_file {
        Some(path) => std::fs::write(path, &ready)?,
        None => println!("{}", ready.trim_end()),
    }
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            accepted = smpp.accept() => {
                let session = session(accepted?.0, counts.clone());
                sessions.spawn_local(async move { drop(session.await) });
            }
            accepted = http.accept() => {
                let answer = answer(accepted?.0, counts.clone());
                sessions.spawn_local(async move { drop(answer.await) });
            }
            // Ended sessions are taken out as they end.
            Some(_) = sessions.join_next() => {}
        }
    }
}

async fn session(mut stream: TcpStream, counts: Shared) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0_u8; 4 * PDU_BYTES_MAX];
    let (mut had, mut out) = (0, Vec::with_capacity(64 * 1024));
    loop {
        let count = stream.read(&mut buffer[had..]).await?;
        if count == 0 {
            return Ok(());
        }
        had += count;
        let used =
            take_pdus(&buffer[..had], &mut counts.borrow_mut(), &mut out).ok_or(std::io::ErrorKind::InvalidData)?;
        buffer.copy_within(used..had, 0);
        had -= used;
        stream.write_all(&out).await?;
        out.clear();
    }
}

/// Answers every whole PDU of `bytes` into `out`; how many bytes they took. `None` for a length that cannot be.
fn take_pdus(bytes: &[u8], counts: &mut Counts, out: &mut Vec<u8>) -> Option<usize> {
    let mut at = 0;
    while let Some(head) = bytes.get(at..at + 16) {
        let length = number(&head[..4]) as usize;
        if !(16..=PDU_BYTES_MAX).contains(&length) {
            return None;
        }
        let Some(pdu) = bytes.get(at..at + length) else { break };
        take_pdu(number(&head[4..8]), number(&head[12..16]), &pdu[16..], counts, out);
        at += length;
    }
    Some(at)
}

fn take_pdu(command: u32, sequence: u32, body: &[u8], counts: &mut Counts, out: &mut Vec<u8>) {
    match command {
        SUBMIT_SM => match recipient(body) {
            Some(to) => {
                let now = counts.began.elapsed_us();
                if counts.first_us == 0 {
                    counts.first_us = now;
                }
                counts.last_us = now;
                counts.submissions += 1;
                counts.next_id += 1;
                *counts.recipients.entry(to).or_default() += 1;
                let id = format!("{:010}\0", counts.next_id);
                put(out, command | RESPONSE, STATUS_OK, sequence, id.as_bytes());
            }
            None => {
                counts.malformed += 1;
                put(out, command | RESPONSE, STATUS_SYSTEM_ERROR, sequence, b"");
            }
        },
        ENQUIRE_LINK | UNBIND => put(out, command | RESPONSE, STATUS_OK, sequence, b""),
        bind if BINDS.contains(&bind) => put(out, command | RESPONSE, STATUS_OK, sequence, b"SINK\0"),
        response if response & RESPONSE != 0 => {}
        _ => put(out, RESPONSE, STATUS_INVALID_COMMAND, sequence, b""),
    }
}

fn put(out: &mut Vec<u8>, command: u32, status: u32, sequence: u32, body: &[u8]) {
    let length = u32::try_from(16 + body.len()).unwrap_or(16);
    for field in [length, command, status, sequence] {
        out.extend_from_slice(&field.to_be_bytes());
    }
    out.extend_from_slice(body);
}

/// The destination of a submit_sm body: service type, then two addresses of two octets and a string each (SMPP 3.4 §4.4.1).
fn recipient(body: &[u8]) -> Option<u64> {
    let after = |bytes: &[u8], skip: usize| {
        let end = bytes.get(skip..)?.iter().position(|octet| *octet == 0)?;
        Some(skip + end)
    };
    let service_end = after(body, 0)?;
    let source_end = after(body, service_end + 3)?;
    let to_end = after(body, source_end + 3)?;
    let digits = body.get(source_end + 3..to_end)?;
    // The whole body must be there, or a cut one would count as a text: 17 octets are the least that may follow.
    let text = body.get(to_end + 1..)?;
    if text.len() < 10 {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, octet| number << 8 | u32::from(*octet))
}

async fn answer(mut stream: TcpStream, counts: Shared) -> std::io::Result<()> {
    let mut head = [0_u8; 4096];
    let mut had = 0;
    while !head[..had].windows(4).any(|window| window == b"\r\n\r\n") {
        let count = stream.read(&mut head[had..]).await?;
        if count == 0 {
            return Ok(());
        }
        had += count;
    }
    if head.starts_with(b"GET /mark") {
        counts.borrow_mut().first_us = 0;
    }
    let body = counts.borrow().json();
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    stream.write_all(answer.as_bytes()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submit(to: &str) -> Vec<u8> {
        let mut body = b"\0\x05\0Whimbrel\0\x01\x01".to_vec();
        body.extend_from_slice(to.as_bytes());
        body.extend_from_slice(b"\0\0\0\0\0\0\x01\0\0\0\x02hi");
        let mut pdu = Vec::new();
        put(&mut pdu, SUBMIT_SM, 0, 7, &body);
        pdu
    }

    #[test]
    fn whole_submissions_are_counted_by_recipient() {
        let (mut counts, mut out) = (Counts::new(), Vec::new());
        let mut bytes = [submit("4917000000000"), submit("4917000000001"), submit("4917000000000")].concat();
        let cut = submit("4917000000002");
        bytes.extend_from_slice(&cut[..cut.len() - 1]);
        let used = take_pdus(&bytes, &mut counts, &mut out).expect("good lengths");
        assert_eq!(bytes.len() - used, cut.len() - 1);
        assert_eq!((counts.submissions, counts.recipients.len(), counts.malformed), (3, 2, 0));
        assert_eq!(out.len(), 3 * (16 + 11));
        assert_eq!(&out[..16], &[0, 0, 0, 27, 0x80, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 7]);
    }

    #[test]
    fn lengths_that_lie_end_the_session_and_cut_bodies_count_as_malformed() {
        let (mut counts, mut out) = (Counts::new(), Vec::new());
        assert_eq!(take_pdus(&[0, 0, 0, 15, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1], &mut counts, &mut out), None);
        let mut short = Vec::new();
        put(&mut short, SUBMIT_SM, 0, 1, b"\0\0\0x\0\0\0");
        take_pdus(&short, &mut counts, &mut out).expect("a good length");
        assert_eq!((counts.submissions, counts.malformed), (0, 1));
    }
}
