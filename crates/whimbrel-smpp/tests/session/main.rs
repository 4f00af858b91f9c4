//! The session, seen from its driver: each rule by name, in virtual time; then both ends together, and hostile peers.

mod esme_bind;
mod esme_life;
mod esme_peer;
mod esme_window;
mod hostile;
mod pair;
mod smsc;
mod support;
