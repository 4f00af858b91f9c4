//! How the ends of a bench are asked: a least HTTP/1.1 server, for our own calls and for the gateway's webhooks.
//!
//! It knows targets and nothing else of a request; bodies are read over.

use std::time::Duration;

use rustix::process::getppid;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A request longer than this is none of ours.
const REQUEST_BYTES_MAX: usize = 64 * 1024;

/// Answers every request of a connection with what `answer` says to its target.
pub async fn serve(mut stream: TcpStream, mut answer: impl FnMut(&str) -> String) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut buffer, mut out) = (Vec::with_capacity(4096), Vec::with_capacity(4096));
    loop {
        while let Some(request) = first(&buffer)? {
            let body = answer(request.target);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            out.extend_from_slice(head.as_bytes());
            out.extend_from_slice(body.as_bytes());
            let length = request.length;
            buffer.drain(..length);
        }
        stream.write_all(&out).await?;
        out.clear();
        if stream.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
    }
}

/// Ends once the process that started this one is gone: nobody would stop it any more.
pub async fn orphaned() {
    let parent = getppid();
    while getppid() == parent {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Asked<'a> {
    target: &'a str,
    length: usize,
}

fn first(bytes: &[u8]) -> std::io::Result<Option<Asked<'_>>> {
    let invalid = || std::io::Error::from(std::io::ErrorKind::InvalidData);
    let Some(head_length) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return if bytes.len() > REQUEST_BYTES_MAX { Err(invalid()) } else { Ok(None) };
    };
    let head = std::str::from_utf8(&bytes[..head_length]).map_err(|_| invalid())?;
    let mut lines = head.split("\r\n");
    let target = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or_else(invalid)?;
    let mut body_length = 0;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            body_length = value.trim().parse().map_err(|_| invalid())?;
        }
    }
    if body_length > REQUEST_BYTES_MAX {
        return Err(invalid());
    }
    let length = head_length + 4 + body_length;
    Ok((bytes.len() >= length).then_some(Asked { target, length }))
}

/// A parameter of a target's query, as it stands.
pub fn parameter<'a>(target: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = target.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_taken_whole_with_its_body() {
        let bytes = b"POST /webhook?a=1 HTTP/1.1\r\nHost: x\r\ncontent-length: 3\r\n\r\nabcGET";
        let whole = bytes.len() - 3;
        assert_eq!(first(bytes).unwrap(), Some(Asked { target: "/webhook?a=1", length: whole }));
        for end in 0..whole {
            assert_eq!(first(&bytes[..end]).unwrap(), None, "{end}");
        }
        assert!(first(b"GET / HTTP/1.1\r\ncontent-length: 99999999\r\n\r\n").is_err());
        assert!(first(&vec![b'x'; REQUEST_BYTES_MAX + 1]).is_err());
    }

    #[test]
    fn parameters_are_found_by_their_whole_name() {
        let target = "/webhook?xto=1&to=Whimbrel&msisdn=44770";
        assert_eq!(parameter(target, "to"), Some("Whimbrel"));
        assert_eq!(parameter(target, "msisdn"), Some("44770"));
        assert_eq!(parameter(target, "msi"), None);
        assert_eq!(parameter("/webhook", "to"), None);
    }
}
