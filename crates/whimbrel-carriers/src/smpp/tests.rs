//! The carrier against a scripted centre, in memory and in time that moves only when everybody waits.

mod answers;
mod ends;
mod harness;
mod limits;
mod property;
mod receipts;
mod tcp;
