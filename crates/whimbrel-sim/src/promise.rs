//! What the simulation looks at, each by a short name that stays: the promise of docs/reliability.md that it belongs to, and what must be.
//!
//! A fault begins with this name, so that a run, a table and a saboteur that was caught all say the same word.

use std::fmt;

/// Something that must be true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check(&'static str);

impl Check {
    /// Whoever was told "accepted" finds the text stored.
    pub const ACCEPTED_IS_STORED: Self = Self("P-1 accepted-is-stored");
    /// What leaves the process was stored before.
    pub const LEAVES_STORED: Self = Self("P-1 leaves-stored");
    /// Events are of parts that were accepted, and all of those are there at the end.
    pub const PARTS_ARE_THERE: Self = Self("P-1 parts-are-there");
    /// Every event of a part leads where a second, naive telling of its life leads.
    pub const LIFE_AGREES: Self = Self("P-2 life-agrees");
    /// A part that is due does not lie until its time is over.
    pub const DUE_LEAVES: Self = Self("P-2 due-leaves");
    /// Once faults are off, everything ends.
    pub const ALL_ENDS: Self = Self("P-2 all-ends");
    /// No part is claimed after its expiry.
    pub const CLAIMED_IN_TIME: Self = Self("P-2 claimed-in-time");
    /// The world goes on: an event finds room, a stop comes to an end and leaves nothing open.
    pub const WORLD_GOES_ON: Self = Self("P-2 world-goes-on");
    /// A part's money moves once.
    pub const MONEY_MOVES_ONCE: Self = Self("P-3 money-moves-once");
    /// Nothing is charged that no carrier took.
    pub const CHARGED_WAS_TAKEN: Self = Self("P-3 charged-was-taken");
    /// What is accepted, or refused for want of money, is what the wallet says.
    pub const WALLET_DECIDES: Self = Self("P-4 wallet-decides");
    /// Wallets are what their parts add up to, and not overdrawn; what is told of them is that.
    pub const WALLET_ADDS_UP: Self = Self("P-5 wallet-adds-up");
    /// No constraint of the database is broken, and every operation has its own kind of answer.
    pub const OPERATIONS_FIT: Self = Self("P-5 operations-fit");
    /// Copies of a part have the same octets.
    pub const COPIES_ARE_ALIKE: Self = Self("P-7 copies-are-alike");
    /// There are no more copies than the doubt policy allows.
    pub const COPIES_ARE_BOUNDED: Self = Self("P-7 copies-are-bounded");
    /// No more submissions are open than the window allows.
    pub const WINDOW_IS_KEPT: Self = Self("P-8 window-is-kept");
    /// No more parts are claimed in the store, and not answered there, than the window allows: so many a crash leaves in doubt.
    pub const CLAIMS_FIT_WINDOW: Self = Self("P-8 claims-fit-window");
    /// Every place of a window is given back.
    pub const PLACES_COME_BACK: Self = Self("P-8 places-come-back");
    /// An idempotency key stands for one message, and is answered with it.
    pub const KEY_STANDS_FOR_ONE: Self = Self("P-9 key-stands-for-one");
    /// What is acknowledged is stored.
    pub const ACK_AFTER_STORED: Self = Self("P-10 ack-after-stored");
    /// A receipt is evidence for the part that it was given for, and for no other.
    pub const EVIDENCE_IS_ITS_OWN: Self = Self("P-10 evidence-is-its-own");
    /// A receipt is matched if its id is known, and else kept.
    pub const RECEIPT_IS_KEPT: Self = Self("P-10 receipt-is-kept");
    /// Every end that is to be told was told.
    pub const ENDS_ARE_TOLD: Self = Self("P-11 ends-are-told");
    /// What did not happen is not told, and what is told is of a part.
    pub const TOLD_HAPPENED: Self = Self("P-11 told-happened");
    /// Whatever leaves has a claim that is stored.
    pub const LEAVES_CLAIMED: Self = Self("P-12 leaves-claimed");
    /// An id is given once.
    pub const ID_IS_GIVEN_ONCE: Self = Self("P-13 id-is-given-once");
    /// Nothing is accepted after the store has failed.
    pub const STOPPED_TAKES_NOTHING: Self = Self("P-15 stopped-takes-nothing");
    /// The store, row by row, is what the model says.
    pub const ROWS_AGREE: Self = Self("P-20 rows-agree");
    /// `whimbrel check` finds nothing; the name of its invariant follows.
    pub const STORE_IS_SOUND: Self = Self("check");
    /// The same seed tells the same story.
    pub const SEED_DECIDES: Self = Self("W7 seed-decides");
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
