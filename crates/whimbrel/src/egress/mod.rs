//! The one way by which this process calls somebody else's HTTP server.
//!
//! Webhook addresses come from customers, so a call must never become a way into the operator's network. A name is resolved
//! once for each connection, *every* address it has is checked by the [`EgressPolicy`], and the connection goes to one of
//! those very addresses. Redirects are not followed, proxies from the environment are not used, and of an answer no more
//! is read than the limit, while reading. What a webhook says and when it is tried again is the engine's business.

mod address;
mod client;
mod connect;
mod error;
mod link;
mod policy;
mod pool;
mod resolve;
mod target;

#[cfg(test)]
mod tests;

pub use address::{AddressClass, classify};
pub use client::{CallPlace, Egress, EgressAnswer, EgressLimits, Notes, RequestLimits, Steps};
pub use connect::TrustError;
pub use error::{Blocked, EgressError};
pub use policy::{AllowedHost, EgressPolicy, Reach};
pub use resolve::{Resolve, SystemResolver};
pub use target::UrlFault;
