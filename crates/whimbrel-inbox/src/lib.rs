//! Finding messages, and what is in them.
//!
//! One search grammar for pages, native API and command line ([`search`]), and what a reader wants out of a text: its one-time code or
//! its link ([`extract`]). Pure: whoever has messages brings them.

pub mod extract;
pub mod probe;
pub mod search;
