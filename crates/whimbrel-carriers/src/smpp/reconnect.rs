//! How long to wait before the next try to bind.
//!
//! Pure: what ended the last try goes in, a pause comes out; chance is an argument. A refused bind is tried again slowly,
//! for hammering locks accounts; a lost connection quickly at first. There is always a next try.

use whimbrel_core::Span;
use whimbrel_smpp::CommandStatus;

/// The first and the longest pause of one kind of failure.
struct Schedule {
    first: Span,
    longest: Span,
}

/// Connections that cannot be opened, end, or are refused for reasons that pass.
const LOST: Schedule = Schedule { first: Span::seconds(1), longest: Span::seconds(60) };
/// Binds that are refused for what we are: name, password, or the carrier's rules.
const REFUSED: Schedule = Schedule { first: Span::seconds(60), longest: Span::seconds(600) };
/// The carrier holds a session of ours that is dead.
const BOUND_ALREADY: Schedule = Schedule { first: Span::seconds(30), longest: Span::seconds(300) };
/// A link that was bound this long was a good one: the next pause is the shortest again.
const GOOD_AFTER: Span = Span::seconds(60);

/// How a try to hold a link ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// No connection, or no answer to the bind.
    NotBound,
    /// The bind was answered with an error.
    Refused(CommandStatus),
    /// The bind cannot be written as it is configured.
    Misconfigured,
    /// It was bound for this long.
    WasBound(Span),
}

/// Remembers how often each kind of failure came in a row.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    lost: u32,
    refused: u32,
    bound_already: u32,
}

impl Backoff {
    /// The pause before the next try. `random`: any 64 bits, for 20 % of jitter either way where connections were lost.
    pub(super) fn pause(&mut self, ending: Ending, random: u64) -> Span {
        match ending {
            Ending::Refused(CommandStatus::RBINDFAIL | CommandStatus::RINVPASWD | CommandStatus::RINVSYSID)
            | Ending::Misconfigured => REFUSED.next(&mut self.refused),
            Ending::Refused(CommandStatus::RALYBND) => BOUND_ALREADY.next(&mut self.bound_already),
            Ending::NotBound | Ending::Refused(_) => jittered(LOST.next(&mut self.lost), random),
            Ending::WasBound(bound_for) => {
                self.refused = 0;
                self.bound_already = 0;
                if bound_for >= GOOD_AFTER {
                    self.lost = 0;
                }
                jittered(LOST.next(&mut self.lost), random)
            }
        }
    }
}

impl Schedule {
    fn next(&self, failures: &mut u32) -> Span {
        // Twenty doublings of a second are past every ceiling here.
        let pause = Span(self.first.0.saturating_mul(1 << (*failures).min(20)).min(self.longest.0));
        *failures = failures.saturating_add(1);
        pause
    }
}

/// From 80 % to 120 % of `span`.
fn jittered(span: Span, random: u64) -> Span {
    // Below 401, so it fits whatever the type.
    let per_mille = 800 + i64::try_from(random % 401).unwrap_or(0);
    Span(span.0 / 1_000 * per_mille)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `random` that gives no jitter at all.
    const MIDDLE: u64 = 200;

    fn pauses(backoff: &mut Backoff, ending: Ending, count: usize) -> Vec<i64> {
        (0..count).map(|_| backoff.pause(ending, MIDDLE).0 / 1_000_000).collect()
    }

    #[test]
    fn lost_connections_double_from_a_second_to_a_minute() {
        let mut backoff = Backoff::default();
        assert_eq!(pauses(&mut backoff, Ending::NotBound, 9), [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        backoff.lost = u32::MAX;
        assert_eq!(pauses(&mut backoff, Ending::NotBound, 1), [60]);
    }

    #[test]
    fn a_minute_of_being_bound_resets_the_pause_and_less_does_not() {
        let mut backoff = Backoff::default();
        pauses(&mut backoff, Ending::NotBound, 5);
        assert_eq!(pauses(&mut backoff, Ending::WasBound(Span(GOOD_AFTER.0 - 1)), 1), [32]);
        assert_eq!(pauses(&mut backoff, Ending::WasBound(GOOD_AFTER), 2), [1, 1]);
        assert_eq!(pauses(&mut backoff, Ending::NotBound, 1), [2]);
    }

    #[test]
    fn refused_binds_are_tried_slowly() {
        for status in [CommandStatus::RBINDFAIL, CommandStatus::RINVPASWD, CommandStatus::RINVSYSID] {
            let mut backoff = Backoff::default();
            assert_eq!(pauses(&mut backoff, Ending::Refused(status), 6), [60, 120, 240, 480, 600, 600]);
            assert_eq!(pauses(&mut backoff, Ending::Misconfigured, 1), [600]);
            backoff.pause(Ending::WasBound(Span::ZERO), MIDDLE);
            assert_eq!(pauses(&mut backoff, Ending::Refused(status), 1), [60]);
        }
    }

    #[test]
    fn a_session_that_the_carrier_still_holds_is_waited_for() {
        let mut backoff = Backoff::default();
        let ending = Ending::Refused(CommandStatus::RALYBND);
        assert_eq!(pauses(&mut backoff, ending, 6), [30, 60, 120, 240, 300, 300]);
    }

    #[test]
    fn binds_refused_for_now_are_like_lost_connections() {
        for status in [CommandStatus::RTHROTTLED, CommandStatus::RMSGQFUL, CommandStatus::RSYSERR, CommandStatus(0x400)]
        {
            assert_eq!(pauses(&mut Backoff::default(), Ending::Refused(status), 3), [1, 2, 4]);
        }
    }

    #[test]
    fn jitter_is_a_fifth_either_way() {
        let spans: Vec<i64> = (0..2_000).map(|random| jittered(Span::seconds(10), random).0).collect();
        assert_eq!((spans.iter().min(), spans.iter().max()), (Some(&8_000_000), Some(&12_000_000)));
        assert_eq!(jittered(Span::seconds(60), u64::MAX).0 / 1_000_000, 60 * (800 + (u64::MAX % 401) as i64) / 1_000);
    }
}
