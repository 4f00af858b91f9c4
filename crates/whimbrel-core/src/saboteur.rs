//! Faults on purpose: what the simulation must find.
//!
//! A harness that has never failed proves nothing. Each saboteur is a mistake that somebody could make, built in beside the right way and
//! switched on by the environment variable `WHIMBREL_SABOTEUR`, one at a time, in a build with the feature `saboteurs` only: in every
//! other build [`acts`] is a constant and nothing of them is left. Those whose chances are common let the first few in a world or a
//! test pass, as faults do that show under load alone, and some befall one kind of text alone. `cargo xtask saboteurs` plays them all.

macro_rules! saboteurs {
    ($($variant:ident = $name:literal, $patience:literal, $what:literal;)+) => {
        /// A mistake that can be switched on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Saboteur {
            $(#[doc = $what] $variant,)+
        }

        impl Saboteur {
            /// All of them, with their names and what they do.
            pub const ALL: &[(Self, &str, &str)] = &[$((Self::$variant, $name, $what),)+];

            /// Chances in a world or a test that it lets pass before it acts.
            #[must_use]
            pub const fn patience(self) -> u32 {
                match self {
                    $(Self::$variant => $patience,)+
                }
            }
        }
    };
}

saboteurs! {
    LateAnswerIgnored = "late-answer-ignored", 0, "a positive answer to an earlier try of a bulk text says nothing";
    DoubtUncounted = "doubt-uncounted", 0, "a doubt about a bulk text is not counted, so nothing ends its resending";
    ResendOnceMore = "resend-once-more", 0, "a part of a bulk text is sent once more than its policy says";
    ExpiredClaim = "expired-claim", 1, "a part is claimed after its expiry";
    ReportTwice = "report-twice", 0, "the same report on the way of a later part of a text is told each time it comes";
    ExpiryIgnoredByRetry = "expiry-ignored-by-retry", 0, "a part is tried again after its expiry";
    ChargeOnResend = "charge-on-resend", 0, "a part of a bulk text that was sent again is charged twice in the wallet";
    HoldForgotten = "hold-forgotten", 1, "what a part of a bulk text held is not given back when it ends";
    Overdraft = "overdraft", 1, "a bulk text of several parts needs money for one";
    AnswerNotKept = "answer-not-kept", 4, "the answer to an idempotency key is not kept for a text that waits in the queue";
    ReceiptNotParked = "receipt-not-parked", 0, "a receipt that says expired, before its answer, is said to be kept and is not";
    ParkedNotSettled = "parked-not-settled", 0, "a receipt that waited for a part of a bulk text is thrown away when the part is named";
    NoticeDropped = "notice-dropped", 1, "an end by the clock is told to nobody";
    AttemptUnwritten = "attempt-unwritten", 0, "a later try of a bulk text that ended in doubt has no line in the history";
    LateReceiptUnwritten = "late-receipt-unwritten", 2, "a part that ended forgets its carrier's id";
    AnswerAfterFailedCommit = "answer-after-failed-commit", 1, "a text whose commit failed is answered as accepted";
    AckBeforeStored = "ack-before-stored", 1, "a receipt is acknowledged although its commit failed";
    PlaceKept = "place-kept", 1, "a place in the window is not given back after a doubt";
    PlaceFreedTwice = "place-freed-twice", 0, "a late answer frees the place of another part";
    RecoverSkipsOne = "recover-skips-one", 1, "a start forgets the last part that was under way";
    RecoverForgets = "recover-forgets", 0, "a start puts what was under way back into the queue, and calls it no doubt";
    DelayedForgotten = "delayed-forgotten", 1, "a part that waits for its time after a second try is forgotten";
    WebhookHalfDone = "webhook-half-done", 1, "a webhook without an answer counts as delivered";
    WebhookOnce = "webhook-once", 4, "a webhook that failed is not tried again";
    ClockStops = "clock-stops", 1, "nobody looks any more for parts that expired";
    LeftCarrierBelieved = "left-carrier-believed", 0, "a carrier that a part of a bulk text has left can still end it";
    RerouteAgain = "reroute-again", 0, "a part of a bulk text goes on each time a receipt says that its number is in another network";
    WaitBeyondExpiry = "wait-beyond-expiry", 2, "a part in doubt waits for longer than it may live";
    ResendAfterExpiry = "resend-after-expiry", 1, "a part whose doubt comes after its expiry is queued once more";
    UnknownCharged = "unknown-charged", 2, "a part of a bulk text that ends as unknown is charged";
    FailuresKept = "failures-kept", 1, "another carrier inherits the refusals of the one before";
    TemporaryOnceMore = "temporary-once-more", 1, "a part is tried once more than its carrier's refusals allow";
    DoubtfulRerouted = "doubtful-rerouted", 1, "a part that was in doubt follows its number to another network";
    UnclearPutOff = "unclear-put-off", 1, "each receipt that nobody knows puts the end of the wait off";
    UnclearKept = "unclear-kept", 0, "news on the way of a bulk text do not end the wait for better news";
    AnswerOvertaken = "answer-overtaken", 2, "a text is stored before a carrier's answer that came earlier and freed its place";
    WindowUncounted = "window-uncounted", 1, "where a rate is set, a text that leaves at once takes no place in the window";
}

#[cfg(feature = "saboteurs")]
mod chosen {
    use std::cell::Cell;
    use std::sync::OnceLock;

    use super::Saboteur;

    thread_local! {
        static CHANCES: Cell<u32> = const { Cell::new(0) };
    }

    /// Whether this saboteur does its mischief now.
    ///
    /// # Panics
    /// If the environment names none that there is.
    #[must_use]
    pub fn acts(saboteur: Saboteur) -> bool {
        if chosen() != Some(saboteur) {
            return false;
        }
        CHANCES.with(|chances| {
            chances.set(chances.get().saturating_add(1));
            chances.get() > saboteur.patience()
        })
    }

    /// A world begins on this thread: the saboteur lies in wait anew.
    pub fn lie_in_wait() {
        CHANCES.with(|chances| chances.set(0));
    }

    fn chosen() -> Option<Saboteur> {
        static CHOSEN: OnceLock<Option<Saboteur>> = OnceLock::new();
        *CHOSEN.get_or_init(|| {
            let wanted = std::env::var("WHIMBREL_SABOTEUR").ok()?;
            let found = Saboteur::ALL.iter().find(|(_, name, _)| *name == wanted);
            assert!(found.is_some(), "there is no saboteur `{wanted}`");
            found.map(|(saboteur, ..)| *saboteur)
        })
    }
}

#[cfg(feature = "saboteurs")]
pub use chosen::{acts, lie_in_wait};

/// Never: this build has no saboteurs.
#[cfg(not(feature = "saboteurs"))]
#[must_use]
pub const fn acts(_: Saboteur) -> bool {
    false
}

/// Nothing: this build has no saboteurs.
#[cfg(not(feature = "saboteurs"))]
pub const fn lie_in_wait() {}
