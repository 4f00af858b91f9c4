//! The simulator over TCP, with our own ESME, in a world whose time moves by hand.

mod control;
mod hostile;
mod journal;
mod outcomes;
mod scenarios;
mod script;
mod sessions;
mod support;
