//! Peers that begin something and then do nothing: a TLS handshake that stops half-way, a thousand answers that nobody reads.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::clock::sleep;
use crate::harness::attack::Stage;

/// The begin of a ClientHello of 508 octets (RFC 8446 §4, §5.1): the record and the message say how much is to come, and it never does.
const HALF_HELLO: &[u8] = &[0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3];
/// Pipelined requests of one connection.
const UNREAD: usize = 1000;

impl Stage<'_> {
    /// Handshakes that stop half-way, over many connections at once. The server must end them.
    pub fn half_handshakes(&self, https: SocketAddr, connections: usize) {
        self.wait_at_many(https, connections, HALF_HELLO, Duration::from_millis(250), |stream| {
            !stream.read(&mut [0; 64]).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
        });
    }

    /// A thousand requests at once on each connection, and not an octet of the answers is read. They are kept until the attack ends:
    /// the server waits longer for a reader (`limits.write_stall_time`) than an attack goes on.
    pub fn deaf(&self, host: SocketAddr, connections: usize) {
        let requests = b"GET /_whimbrel/ui/login HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(UNREAD);
        let mut open = Vec::new();
        while self.goes_on() {
            while open.len() < connections {
                let Ok(mut stream) = TcpStream::connect(host) else { break };
                self.begin();
                // The server stops reading when nobody takes its answers; what it does not take is not sent.
                let _ = stream.set_nonblocking(true).and_then(|()| stream.write(&requests));
                open.push(stream);
            }
            sleep(Duration::from_millis(250));
        }
        open.iter().for_each(|_| self.keep());
    }
}
