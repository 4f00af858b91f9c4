//! Reads HTTP/1.1 answers from bytes, without I/O: used by the blocking client and by the loader.

/// A head longer than this is no answer of ours.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// A body longer than this is no answer of ours.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// An answer, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body, unchunked.
    pub body: Vec<u8>,
    /// Whether the server ends the connection after it.
    pub closes: bool,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// How far the bytes went.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// More bytes are needed.
    More,
    /// An answer, and how many bytes it took.
    Done(Answer, usize),
    /// Not HTTP/1.1 as we read it.
    Broken(&'static str),
}

/// Reads one answer from the front of `bytes`.
pub fn read(bytes: &[u8]) -> Progress {
    let Some(head_length) = find(bytes, b"\r\n\r\n") else {
        return if bytes.len() > HEAD_BYTES_MAX { Progress::Broken("endless head") } else { Progress::More };
    };
    let Ok(head) = std::str::from_utf8(&bytes[..head_length]) else { return Progress::Broken("head is not text") };
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")).and_then(|rest| rest.get(..3));
    let Some(status) = status.and_then(|digits| digits.parse().ok()) else { return Progress::Broken("no status line") };
    let (mut length, mut chunked, mut closes) = (None, false, false);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse::<usize>().ok();
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            chunked = value.eq_ignore_ascii_case("chunked");
        } else if name.eq_ignore_ascii_case("connection") {
            closes = value.eq_ignore_ascii_case("close");
        }
    }
    let rest = &bytes[head_length + 4..];
    let (body, used) = if chunked {
        match unchunk(rest) {
            Chunks::More => return Progress::More,
            Chunks::Broken => return Progress::Broken("bad chunk"),
            Chunks::Done(body, used) => (body, used),
        }
    } else {
        let length = length.unwrap_or(0);
        if length > BODY_BYTES_MAX {
            return Progress::Broken("body too long");
        }
        let Some(body) = rest.get(..length) else { return Progress::More };
        (body.to_vec(), length)
    };
    Progress::Done(Answer { status, body, closes }, head_length + 4 + used)
}

enum Chunks {
    More,
    Broken,
    Done(Vec<u8>, usize),
}

fn unchunk(bytes: &[u8]) -> Chunks {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let Some(line) = find(&bytes[at..], b"\r\n") else { return Chunks::More };
        let size = std::str::from_utf8(&bytes[at..at + line]).ok();
        let size = size.and_then(|line| usize::from_str_radix(line.split(';').next()?.trim(), 16).ok());
        let Some(size) = size.filter(|size| body.len() + size <= BODY_BYTES_MAX) else { return Chunks::Broken };
        at += line + 2;
        let Some(chunk) = bytes.get(at..at + size + 2) else { return Chunks::More };
        if &chunk[size..] != b"\r\n" {
            return Chunks::Broken;
        }
        body.extend_from_slice(&chunk[..size]);
        at += size + 2;
        if size == 0 {
            return Chunks::Done(body, at);
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_framings_are_read_whole_and_only_whole() {
        let sized = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".to_vec();
        let chunked = b"HTTP/1.1 503 No\r\ntransfer-encoding: chunked\r\nConnection: close\r\n\r\n2\r\nhe\r\n3;x\r\nllo\r\n0\r\n\r\n";
        for (bytes, status, closes) in [(sized.as_slice(), 200, false), (chunked.as_slice(), 503, true)] {
            for end in 0..bytes.len() {
                assert_eq!(read(&bytes[..end]), Progress::More, "{end}");
            }
            let answer = Answer { status, body: b"hello".to_vec(), closes };
            let mut more = bytes.to_vec();
            more.extend_from_slice(b"HTTP/1.1 ");
            assert_eq!(read(&more), Progress::Done(answer, bytes.len()));
        }
    }

    #[test]
    fn what_is_no_answer_is_said_to_be_none() {
        assert!(matches!(read(b"SMTP ready\r\n\r\n"), Progress::Broken(_)));
        assert!(matches!(read(&vec![b'x'; HEAD_BYTES_MAX + 1]), Progress::Broken(_)));
        assert!(matches!(read(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n"), Progress::Broken(_)));
    }
}
