//! A blocking HTTP/1.1 client over one kept connection, for control calls and for honest callers.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use rustix::net;

use crate::failure::{Attempted as _, Failure, Outcome};
use crate::harness::answer::{Answer, Progress, read};

/// A request as these harnesses make them.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// `GET`, `POST`, `PATCH`.
    pub method: &'a str,
    /// Path with query.
    pub target: &'a str,
    /// A bearer token, if the call needs one.
    pub token: Option<&'a str>,
    /// The body with its content type; empty for none.
    pub body: (&'a str, &'a [u8]),
}

impl Request<'_> {
    /// The bytes to send.
    pub fn bytes(&self, host: SocketAddr) -> Vec<u8> {
        let Self { method, target, token, body: (kind, body) } = self;
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n");
        if let Some(token) = token {
            head.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        if !body.is_empty() {
            head.push_str(&format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        bytes
    }
}

fn connect_from(local: Ipv4Addr, host: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = net::socket(net::AddressFamily::INET, net::SocketType::STREAM, None)?;
    net::bind(&socket, &SocketAddr::from((local, 0)))?;
    net::connect(&socket, &host)?;
    Ok(TcpStream::from(socket))
}

/// Ports that nobody listens on, for programs that take no port of the system's choice. Another process may be faster; the start
/// fails then.
///
/// # Errors
/// What the system says.
pub fn free_ports<const N: usize>() -> Outcome<[u16; N]> {
    // All are held until the last is found, so that they differ.
    let held = (0..N).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<std::io::Result<Vec<_>>>()?;
    let mut ports = [0; N];
    for (port, listener) in ports.iter_mut().zip(&held) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}

/// A connection that is opened when needed and again after a failure.
#[derive(Debug)]
pub struct Client {
    host: SocketAddr,
    /// From which address of this machine; `None`: the usual one.
    local: Option<Ipv4Addr>,
    timeout: Duration,
    stream: Option<TcpStream>,
}

impl Client {
    /// A client of `host`; nothing is opened yet.
    pub fn new(host: SocketAddr) -> Self {
        Self { host, local: None, timeout: Duration::from_secs(60), stream: None }
    }

    /// The same from another loopback address: to the gateway, somebody else.
    pub fn from_address(local: Ipv4Addr, host: SocketAddr) -> Self {
        Self { local: Some(local), ..Self::new(host) }
    }

    /// Opens the connection if there is none. A failure here means that nothing was sent.
    ///
    /// # Errors
    /// What the system says, with what was attempted.
    pub fn connect(&mut self) -> Outcome<()> {
        if self.stream.is_none() {
            let opened = match self.local {
                None => TcpStream::connect_timeout(&self.host, self.timeout),
                Some(local) => connect_from(local, self.host),
            };
            let stream = opened.attempting(format_args!("connect to {}", self.host))?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(self.timeout))?;
            stream.set_write_timeout(Some(self.timeout))?;
            self.stream = Some(stream);
        }
        Ok(())
    }

    /// Where it calls.
    pub fn host(&self) -> SocketAddr {
        self.host
    }

    /// Sends and waits for the whole answer. After an error the fate of the request is not known.
    ///
    /// # Errors
    /// What the system says, with what was attempted.
    pub fn call(&mut self, request: &Request<'_>) -> Outcome<Answer> {
        let result = self.exchange(&request.bytes(self.host));
        if !matches!(&result, Ok(answer) if !answer.closes) {
            self.stream = None;
        }
        result
    }

    fn exchange(&mut self, bytes: &[u8]) -> Outcome<Answer> {
        self.connect()?;
        let stream = self.stream.as_mut().ok_or_else(|| Failure::new("no connection"))?;
        stream.write_all(bytes).attempting("send a request")?;
        let mut had = Vec::with_capacity(4096);
        let mut chunk = [0_u8; 16 * 1024];
        loop {
            let count = stream.read(&mut chunk).attempting("wait for an answer")?;
            if count == 0 {
                return Err(Failure::new("the connection ended before the answer"));
            }
            had.extend_from_slice(&chunk[..count]);
            match read(&had) {
                Progress::More => {}
                Progress::Done(answer, _) => return Ok(answer),
                Progress::Broken(why) => return Err(Failure::new(format!("not an HTTP answer: {why}"))),
            }
        }
    }
}
