//! Lets unmodified programs reach this gateway although their vendor's host names are fixed in them.
//!
//! A proxy on loopback ends TLS for the vendors' names (those in the dialects' descriptors, no others) with certificates of an
//! authority that exists only for one run, and hands the octets to the gateway as they are, `Host` included, so that signatures
//! hold. What goes elsewhere is tunnelled untouched or refused. A kit of files and variables makes language runtimes use the proxy
//! and trust the authority. Refuses to know what a request means, and which command is run.

pub mod authority;
pub mod gateway;
pub mod kit;
pub mod proxy;

mod head;
mod prefixed;
mod trust_store;

pub use authority::Authority;
pub use gateway::Gateway;
pub use kit::Kit;
pub use proxy::{Proxy, Rules, Told, UnknownHosts};

/// The names that every dialect's vendor is called by.
#[must_use]
pub fn vendor_hosts() -> Vec<&'static str> {
    let dialects = whimbrel_dialects::registry::DIALECTS.iter();
    dialects.flat_map(|dialect| dialect.descriptor().vendor_hosts.iter().copied()).collect()
}
