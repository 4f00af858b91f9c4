//! Who is shown what goes over a carrier's wire.

use whimbrel_core::{AckToken, CarrierId, LinkId, PartId, Timestamp};

/// Sees the PDUs of submissions and receipts, if it wants to. It never makes the link wait.
pub trait Watcher: Send + Sync {
    /// Whether it wants to see any: nothing is copied for one that does not.
    fn is_watching(&self) -> bool;

    /// Sees one.
    fn see(&self, pdu: WatchedPdu);
}

/// Which way a PDU went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To the carrier.
    Out,
    /// From it.
    In,
}

/// A PDU. What would show a one-time code is left out before it comes here. `Debug` shows sizes.
#[derive(Clone, PartialEq, Eq)]
pub struct WatchedPdu {
    /// The carrier.
    pub carrier: CarrierId,
    /// Its link.
    pub link: LinkId,
    /// When it was handed to the connection, or came from it.
    pub at: Timestamp,
    /// Which way it went.
    pub way: Way,
    /// The parts that it is about, where the carrier's side knows them.
    pub parts: Vec<PartId>,
    /// The delivery that it is or answers: whose it is turns out when the engine has looked for it.
    pub delivery: Option<AckToken>,
    /// The frame: as on the wire, or written anew without its text.
    pub octets: Vec<u8>,
    /// Octets of its text that were left out; 0: the frame is whole.
    pub hidden: usize,
}

impl std::fmt::Debug for WatchedPdu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WatchedPdu")
            .field("carrier", &self.carrier)
            .field("way", &self.way)
            .field("size_bytes", &self.octets.len())
            .field("hidden", &self.hidden)
            .finish_non_exhaustive()
    }
}

/// Sees nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoWatcher;

impl Watcher for NoWatcher {
    fn is_watching(&self) -> bool {
        false
    }

    fn see(&self, _pdu: WatchedPdu) {}
}
