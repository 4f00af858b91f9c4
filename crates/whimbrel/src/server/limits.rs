//! The bounds of the HTTP server, and the process's bound on open files.

use std::io;
use std::time::Duration;

use rustix::process::{Resource, getrlimit, setrlimit};

/// Bounds of one listener. At each of them a client is refused or let go; none makes the process grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpLimits {
    /// Connections at once. At the bound no more are accepted; they wait in the kernel's queue.
    pub connections_max: usize,
    /// Octets of the request line and the headers, 8 KiB to 64 KiB. Above: 431.
    pub head_bytes_max: usize,
    /// Octets of a request's body. Above: 413, and the connection ends.
    pub body_bytes_max: usize,
    /// From a request's first octet (or from the start of the connection) to the end of its headers.
    pub head_time_max: Duration,
    /// From the end of the headers to the end of the body. Above: 408, and the connection ends.
    pub body_time_max: Duration,
    /// Between two requests.
    pub idle_time_max: Duration,
    /// How long a client may take no octet of an answer.
    pub write_stall_max: Duration,
    /// For the whole TLS handshake.
    pub handshake_time_max: Duration,
    /// At a stop, for requests that are open.
    pub drain_time_max: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connections_max: 4096,
            head_bytes_max: 64 * 1024,
            body_bytes_max: 1024 * 1024,
            head_time_max: Duration::from_secs(10),
            body_time_max: Duration::from_secs(30),
            idle_time_max: Duration::from_secs(75),
            write_stall_max: Duration::from_secs(30),
            handshake_time_max: Duration::from_secs(10),
            drain_time_max: Duration::from_secs(10),
        }
    }
}

/// Raises this process's soft bound on open files to its hard bound, and tells the bound that now holds (`None`: none).
///
/// # Errors
/// What the kernel says; the old bound then still holds.
pub fn raise_open_files() -> io::Result<Option<u64>> {
    let mut bounds = getrlimit(Resource::Nofile);
    if bounds.current != bounds.maximum {
        bounds.current = bounds.maximum;
        setrlimit(Resource::Nofile, bounds)?;
    }
    Ok(bounds.current)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raising_the_bound_on_open_files_is_harmless_twice() {
        let once = raise_open_files().unwrap();
        assert_eq!(raise_open_files().unwrap(), once);
        assert_eq!(getrlimit(Resource::Nofile).current, once);
    }
}
