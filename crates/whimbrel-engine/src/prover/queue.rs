//! Whose turn it is: dear work that waits, in a line for each who asks, and how much of the time guesses may take. Pure: `now` is an
//! argument, a time since any beginning.
//!
//! Who asks takes turns with the others who ask, whatever the length of their lines. Work that came to nothing was probably a guess:
//! it must be followed by a rest of [`REST`] times its length, so that guesses have a share of the threads at most, and the rest of the
//! process has the remainder. Whoever guessed lately waits for the end of the rest. Others do not, until the rest owed is longer than
//! [`AHEAD_MAX`]: so a customer whose secret is compared for the first time does not wait for one who guesses, and guesses that
//! come from ever new places do not get more than their share.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use whimbrel_core::AccountId;

use crate::failures::Source;

/// Work that waits, at most.
pub(super) const WAITING_MAX: usize = 32;
/// Of these, work of one who asks.
pub(super) const WAITING_OF_ONE_MAX: usize = 8;
/// Places of all that whoever guessed lately may fill, so that others find one.
const GUESSES_WAITING_MAX: usize = WAITING_MAX / 2;
/// Of these, work of one.
const GUESSES_OF_ONE_MAX: usize = 2;
/// How much longer than a guess the rest after it is: guesses have a third of the time.
const REST: u32 = 2;
/// How much rest may be owed while somebody who did not guess is served.
const AHEAD_MAX: Duration = Duration::from_secs(1);
/// How long somebody counts as one who guesses.
const GUESSED_FOR: Duration = Duration::from_secs(60);
/// Those who guess that are remembered; beyond that all are forgotten.
const GUESSERS_MAX: usize = 4_096;

/// Who asks for dear work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asker {
    /// Somebody of whom only the address is known.
    Source(Source),
    /// An account that proved itself.
    Account(AccountId),
}

/// What work was good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// Something came of it.
    Well,
    /// It showed that something was wrong.
    OnAGuess,
    /// Nothing was done: whoever asked is gone. It says nothing of who asked.
    OnNothing,
}

/// More work waits than may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overloaded;

/// What a thread does now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn<W> {
    Work(Asker, W),
    /// It rests until then, or until something comes.
    Rest(Duration),
    /// Nothing waits.
    Idle,
}

/// See the module.
pub(super) struct Queue<W> {
    lines: HashMap<Asker, VecDeque<W>>,
    /// Each who asks and has a line, once.
    turns: VecDeque<Asker>,
    waiting: usize,
    guessed: HashMap<Asker, Duration>,
    rests_until: Duration,
}

impl<W> Default for Queue<W> {
    fn default() -> Self {
        Self {
            lines: HashMap::new(),
            turns: VecDeque::new(),
            waiting: 0,
            guessed: HashMap::new(),
            rests_until: Duration::ZERO,
        }
    }
}

impl<W> Queue<W> {
    /// # Errors
    /// [`Overloaded`]: it is not taken.
    pub(super) fn push(&mut self, asker: Asker, work: W, now: Duration) -> Result<(), Overloaded> {
        let (places, of_one) = match self.has_guessed(asker, now) {
            true => (GUESSES_WAITING_MAX, GUESSES_OF_ONE_MAX),
            false => (WAITING_MAX, WAITING_OF_ONE_MAX),
        };
        if self.waiting >= places || self.lines.get(&asker).map_or(0, VecDeque::len) >= of_one {
            return Err(Overloaded);
        }
        let line = self.lines.entry(asker).or_default();
        if line.is_empty() {
            self.turns.push_back(asker);
        }
        line.push_back(work);
        self.waiting += 1;
        Ok(())
    }

    /// Takes the next work, if it is time for it.
    pub(super) fn turn(&mut self, now: Duration) -> Turn<W> {
        if self.turns.is_empty() {
            return Turn::Idle;
        }
        let fresh = self.turns.iter().position(|asker| !self.has_guessed(*asker, now));
        let from = match fresh {
            Some(_) => self.rests_until.saturating_sub(AHEAD_MAX),
            None => self.rests_until,
        };
        if now < from {
            return Turn::Rest(from);
        }
        let Some(asker) = self.turns.remove(fresh.unwrap_or(0)) else { return Turn::Idle };
        let Some(line) = self.lines.get_mut(&asker) else { return Turn::Idle };
        let Some(work) = line.pop_front() else { return Turn::Idle };
        self.waiting -= 1;
        if line.is_empty() {
            self.lines.remove(&asker);
        } else {
            self.turns.push_back(asker);
        }
        Turn::Work(asker, work)
    }

    /// Notes what came of work that one of so many threads did.
    pub(super) fn done(&mut self, asker: Asker, spent: Spent, took: Duration, now: Duration, thread_count: u32) {
        match spent {
            Spent::Well => _ = self.guessed.remove(&asker),
            Spent::OnNothing => {}
            Spent::OnAGuess => {
                if self.guessed.len() >= GUESSERS_MAX {
                    self.guessed.clear();
                }
                self.guessed.insert(asker, now);
                // Time that was worked is no rest.
                let rested_until = (self.rests_until + took).max(now);
                self.rests_until = rested_until + took * REST / thread_count.max(1);
            }
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    fn has_guessed(&self, asker: Asker, now: Duration) -> bool {
        self.guessed.get(&asker).is_some_and(|at| now < *at + GUESSED_FOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORK: Duration = Duration::from_millis(100);

    fn source(number: u32) -> Asker {
        Asker::Source(Source::of(Some(std::net::Ipv4Addr::from_bits(number).into())))
    }

    /// Plays one thread for a time: `asks` says who asks before each turn. Answers how long it worked for each, and the longest wait of an
    /// honest one.
    fn play(
        seconds: u64,
        mut asks: impl FnMut(&mut Queue<Duration>, Duration),
        is_honest: fn(Asker) -> bool,
    ) -> Played {
        let (mut queue, mut now, mut played) = (Queue::default(), Duration::ZERO, Played::default());
        while now < Duration::from_secs(seconds) {
            asks(&mut queue, now);
            match queue.turn(now) {
                Turn::Work(asker, asked_at) => {
                    let spent = if is_honest(asker) { Spent::Well } else { Spent::OnAGuess };
                    now += WORK;
                    match spent {
                        Spent::Well => {
                            played.honest += WORK;
                            played.waited = played.waited.max(now - asked_at);
                        }
                        Spent::OnAGuess => played.guesses += WORK,
                        Spent::OnNothing => {}
                    }
                    queue.done(asker, spent, WORK, now, 1);
                }
                // Something may come earlier.
                Turn::Rest(until) => now = until.min(now + Duration::from_millis(10)),
                Turn::Idle => now += Duration::from_millis(10),
            }
        }
        played
    }

    #[derive(Debug, Default)]
    struct Played {
        honest: Duration,
        guesses: Duration,
        waited: Duration,
    }

    const CUSTOMER: u32 = u32::MAX;

    fn is_customer(asker: Asker) -> bool {
        asker == source(CUSTOMER)
    }

    #[test]
    fn sixteen_who_guess_have_a_third_and_a_customer_waits_for_none_of_them() {
        let mut next_login = Duration::from_secs(10);
        let asks = move |queue: &mut Queue<_>, now: Duration| {
            for guesser in 0..16 {
                _ = queue.push(source(guesser), now, now);
            }
            if now >= next_login && queue.push(source(CUSTOMER), now, now).is_ok() {
                next_login += Duration::from_secs(1);
            }
        };
        let played = play(60, asks, is_customer);
        assert!(played.guesses <= Duration::from_secs(21), "{played:?}");
        assert!(played.honest > Duration::from_secs(4) && played.waited <= 3 * WORK, "{played:?}");
    }

    #[test]
    fn guesses_from_ever_new_places_have_no_more_and_a_customer_waits_a_bounded_time() {
        let mut place = 0;
        let asks = move |queue: &mut Queue<_>, now: Duration| {
            place += 1;
            _ = queue.push(source(place), now, now);
            if !queue.lines.contains_key(&source(CUSTOMER)) {
                _ = queue.push(source(CUSTOMER), now, now);
            }
        };
        let played = play(120, asks, is_customer);
        assert!(played.guesses <= Duration::from_secs(42), "{played:?}");
        let longest = WORK * (REST + 1) * u32::try_from(WAITING_MAX).expect("few");
        assert!(played.waited <= longest && played.honest > WORK, "{played:?}");
    }

    #[test]
    fn who_asks_takes_turns_whatever_the_length_of_the_line() {
        let (mut queue, many, one) = (Queue::default(), Asker::Account(AccountId(1)), Asker::Account(AccountId(2)));
        let taken = (0..20).filter(|work| queue.push(many, *work, Duration::ZERO).is_ok()).count();
        assert_eq!((taken, queue.push(one, 100, Duration::ZERO)), (WAITING_OF_ONE_MAX, Ok(())));
        let next = |queue: &mut Queue<i32>| match queue.turn(Duration::ZERO) {
            Turn::Work(_, work) => work,
            other => panic!("{other:?}"),
        };
        assert_eq!([next(&mut queue), next(&mut queue), next(&mut queue)], [0, 100, 1]);
        for other in 10..100 {
            _ = queue.push(Asker::Account(AccountId(other)), 0, Duration::ZERO);
        }
        assert_eq!((queue.waiting, queue.push(one, 0, Duration::ZERO)), (WAITING_MAX, Err(Overloaded)));
        while let Turn::Work(..) = queue.turn(Duration::ZERO) {}
        assert!(queue.lines.is_empty() && queue.waiting == 0);
    }

    #[test]
    fn who_was_wrong_once_is_forgiven_by_being_right_or_by_time() {
        let (mut queue, asker) = (Queue::<()>::default(), source(1));
        queue.done(asker, Spent::OnAGuess, WORK, WORK, 1);
        assert!(queue.has_guessed(asker, WORK) && !queue.has_guessed(asker, WORK + GUESSED_FOR));
        queue.done(asker, Spent::OnNothing, WORK, WORK, 1);
        assert!(queue.has_guessed(asker, WORK), "who hangs up is not forgiven");
        queue.done(asker, Spent::Well, WORK, WORK, 1);
        assert!(!queue.has_guessed(asker, WORK));
        for number in 0..10_000 {
            queue.done(source(number), Spent::OnAGuess, WORK, WORK, 1);
        }
        assert!(queue.guessed.len() <= GUESSERS_MAX);
    }
}
