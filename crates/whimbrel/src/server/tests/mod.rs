//! The server on real sockets. No sleeps: what waits, waits for a limit that was made short.

mod http1;
mod limits;
mod stop;
mod support;
mod tls;
