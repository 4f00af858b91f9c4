//! The server on real sockets. No sleeps: what waits, waits for a limit that was made short.

#![expect(
    clippy::disallowed_methods,
    reason = "certificates are made for the day of the test, and servers under test end their streams"
)]

mod http1;
mod http2;
mod limits;
mod smuggling;
mod stop;
mod support;
mod tls;
