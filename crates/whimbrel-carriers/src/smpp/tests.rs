//! The carrier against a scripted centre, in memory and in time that moves only when everybody waits.

mod answers;
mod ends;
mod fields;
mod foreign;
pub(super) mod harness;
mod ids;
mod inbound;
mod limits;
mod links;
mod orders;
mod payload;
mod property;
mod receipts;
mod rows;
mod secured;
mod tcp;
