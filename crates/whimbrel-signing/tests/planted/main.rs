//! Mistakes planted into seeded random requests of every scheme: the exact one is named, and what is none of them is
//! called unknown. Each plant is written out here as a signer would write it, and shares no line with the library.

mod digests;
#[cfg(feature = "jwt")]
mod jwt;
mod nexmo;
mod nexo;
mod oauth1;
mod random;
mod seven;
mod standard_webhooks;
