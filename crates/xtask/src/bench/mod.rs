//! The parts of `cargo xtask bench`: a far end, a near end, and what is made of their counts.
//!
//! The far end is an SMSC that answers at once, the near end callers and a receiver of webhooks; each is a process of its own,
//! as the gateway is. None of them uses the product's code, so that a mistake there cannot hide itself here.

pub mod bare;
pub mod books;
pub mod compared;
pub mod control;
pub mod figures;
pub mod frames;
pub mod jasmin;
pub mod kannel;
pub mod loader;
pub mod machine;
pub mod other;
pub mod pacer;
pub mod peer;
pub mod report;
pub mod row;
pub mod smsc;
pub mod words;
