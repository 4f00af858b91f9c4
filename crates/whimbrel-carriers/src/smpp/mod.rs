//! The carrier kind `smpp`: an ESME with one connection or several to a centre.
//!
//! What it promises: every submission that [`submit`](crate::Carrier::submit) took gets exactly one event, whatever happens to the
//! connections. A submission is *given back* only if not one octet of it was written, else it is *in doubt*. A receipt or a text
//! is answered only after [`acknowledge`](crate::Carrier::acknowledge). While the engine does not take events, nothing is read. The
//! caller never waits. Binding is tried for ever, unless it was ordered otherwise. A connection that ends disturbs no other.
//!
//! How: `pool` is the handle; `route` chooses a connection for each submission; for each connection a `keeper` connects, waits
//! and tries again, and `link` is a task's only view of the protocol machine in `whimbrel-smpp`; `outgoing` knows what was
//! written. `wire`, `concat`, `gather`, `address`, `answer`, `receipt`, `inbound` and `reconnect` are pure and know what carriers
//! mean.
//!
//! Follows "Short Message Peer to Peer Protocol Specification v3.4", issue 1.2. Passwords and texts reach neither logs nor
//! events.

mod address;
mod answer;
mod clock;
mod concat;
mod config;
mod connect;
mod gather;
mod inbound;
mod keeper;
mod link;
mod meters;
mod outgoing;
mod pool;
mod receipt;
mod reconnect;
mod report;
mod route;
mod slot;
#[cfg(test)]
mod tests;
mod tls;
mod told;
mod wire;

pub use address::{AddressForms, NameAlphabet, NumberForm, TonNpi};
pub use answer::{StatusClass, StatusRule};
pub use concat::ConcatMethod;
pub use config::{
    BindMode, ConfigFault, ConstantTlv, OptionalParameters, ReceiptRequest, RegistrationTags, SmppConfig, TextCoding,
    ValidityForm,
};
pub use pool::{start, start_watched};
pub use receipt::{IdFormat, TextErrorCodes};
pub use tls::{SystemRoots, Tls, TlsFault, TlsOptions, Verify};
pub use told::{ToldPdu, told};

/// Deliveries of one connection that wait for their acknowledgement; beyond, it is not read.
const RECEIPTS_OPEN_MAX: u16 = 1_000;
