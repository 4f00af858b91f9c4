//! What the harnesses share: processes of the product, a small HTTP client, and the books that are checked at the end.
//!
//! A harness is three processes at least: this one as the client, the gateway, and an SMSC. Nothing of the product is linked
//! in; what is asserted is what a stranger could see.

pub mod account;
pub mod answer;
pub mod attack;
pub mod bombs;
pub mod books;
pub mod callers;
pub mod check;
pub mod downgrades;
pub mod floods;
pub mod frames;
pub mod gateway;
pub mod http;
pub mod http2;
pub mod journal;
pub mod loop_disk;
pub mod nginx;
pub mod proc_stat;
pub mod process;
pub mod proxy;
pub mod shapes;
pub mod siege;
pub mod silent;
pub mod simulator;
pub mod smuggling;
