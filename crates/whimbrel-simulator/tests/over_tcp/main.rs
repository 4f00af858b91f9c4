//! The simulator over TCP, with our own ESME, in a world whose time moves by hand.

mod hostile;
mod journal;
mod outcomes;
mod sessions;
mod support;
