//! Sessions: what a browser that signed in is known by, for a while.
//!
//! A session has a random number of 256 bits, which only the browser has: here is its SHA-256. It ends 30 minutes after it was last
//! used, 12 hours after it began, when somebody signs out, and when what it rests on goes: the operator, the password, the process.
//! They live in memory: a restart asks everybody to sign in again (ADR 0036). Pure: `now` and chance are arguments.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use whimbrel_core::{AccountId, Secret, Span, Timestamp};
use whimbrel_store::OperatorId;

use super::Person;

/// A session that is not used for so long ends.
pub const IDLE_MAX: Span = Span::seconds(30 * 60);
/// However it is used, a session ends after so long.
pub const AGE_MAX: Span = Span::hours(12);
/// Sessions at once; with one more the one that was not used for longest ends.
const SESSIONS_MAX: usize = 10_000;
/// Sessions of one person at once, in the same way.
const OF_ONE_MAX: usize = 20;
/// Octets of chance in a session's number and in its form token.
pub const CHANCE_BYTES: usize = 32;

/// Chance for a new session: its number, and what its forms carry.
pub type Chance = [u8; 2 * CHANCE_BYTES];

/// What somebody is known by who signed in.
#[derive(Debug, Clone)]
pub struct Session {
    /// Who.
    pub person: Person,
    /// What every form of a page carries, so that no other site can send one.
    pub form_token: Secret,
    /// When they signed in.
    pub began_at: Timestamp,
    used_at: Timestamp,
}

/// All sessions.
#[derive(Debug, Default)]
pub struct Sessions(Mutex<HashMap<[u8; 32], Session>>);

impl Sessions {
    /// Begins one, always with a new number; answers what the browser is to keep.
    pub fn begin(&self, person: Person, chance: &Chance, now: Timestamp) -> Secret {
        let (number, token) = chance.split_at(CHANCE_BYTES);
        let (number, form_token) = (text(number), text(token));
        let session = Session { person, form_token, began_at: now, used_at: now };
        let mut sessions = self.lock();
        sessions.retain(|_, session| session.is_open(now));
        let is_alike = |other: &Session| other.person.audit_name() == session.person.audit_name();
        if sessions.values().filter(|other| is_alike(other)).count() >= OF_ONE_MAX {
            end_longest_unused(&mut sessions, is_alike);
        }
        if sessions.len() >= SESSIONS_MAX {
            end_longest_unused(&mut sessions, |_| true);
        }
        sessions.insert(digest(&number), session);
        number
    }

    /// The session of that number, used at `now`.
    pub fn find(&self, number: &Secret, now: Timestamp) -> Option<Session> {
        let mut sessions = self.lock();
        let digest = digest(number);
        let session = sessions.get_mut(&digest)?;
        if !session.is_open(now) {
            sessions.remove(&digest);
            return None;
        }
        session.used_at = session.used_at.max(now);
        Some(session.clone())
    }

    /// Whether there is one of that number at `now`. It is not used by that.
    pub fn is_open(&self, number: &Secret, now: Timestamp) -> bool {
        self.lock().get(&digest(number)).is_some_and(|session| session.is_open(now))
    }

    /// Ends one; without it nothing happens.
    pub fn end(&self, number: &Secret) {
        self.lock().remove(&digest(number));
    }

    /// Ends all of an operator's, but for the one of that number.
    pub fn end_of_operator(&self, id: OperatorId, but: Option<&Secret>) {
        let but = but.map(digest);
        self.lock().retain(|digest, session| {
            Some(*digest) == but || !matches!(&session.person, Person::Operator { id: of, .. } if *of == id)
        });
    }

    /// Ends all of an account's owners.
    pub fn end_of_account(&self, id: AccountId) {
        self.lock()
            .retain(|_, session| !matches!(&session.person, Person::Owner { owner, .. } if owner.account_id == id));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Session>> {
        // A map of whole values: a panic elsewhere cannot leave one half written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    fn is_open(&self, now: Timestamp) -> bool {
        now.since(self.used_at) < IDLE_MAX && now.since(self.began_at) < AGE_MAX
    }
}

fn end_longest_unused(sessions: &mut HashMap<[u8; 32], Session>, which: impl Fn(&Session) -> bool) {
    let candidates = sessions.iter().filter(|(_, session)| which(session));
    // Of two that were used at the same moment the digest decides, so that it is always the same one.
    let oldest = candidates.min_by_key(|(digest, session)| (session.used_at, **digest)).map(|(digest, _)| *digest);
    if let Some(oldest) = oldest {
        sessions.remove(&oldest);
    }
}

fn digest(number: &Secret) -> [u8; 32] {
    Sha256::digest(number.expose().as_bytes()).into()
}

/// Octets of chance as a text of letters, digits, hyphens and underscores.
fn text(octets: &[u8]) -> Secret {
    use base64::Engine as _;
    Secret::new(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(octets))
}

#[cfg(test)]
mod tests {
    use whimbrel_store::OperatorRole;

    use super::*;

    fn operator(id: i64) -> Person {
        Person::Operator { id: OperatorId(id), name: format!("op{id}").into(), role: OperatorRole::Operator }
    }

    fn chance(first: u32) -> Chance {
        let mut chance = [0; 2 * CHANCE_BYTES];
        chance[..4].copy_from_slice(&first.to_be_bytes());
        chance[CHANCE_BYTES..CHANCE_BYTES + 4].copy_from_slice(&(!first).to_be_bytes());
        chance
    }

    const T: Timestamp = Timestamp(1_795_526_000_000_000);

    #[test]
    fn a_session_ends_when_it_is_not_used_and_when_it_is_old() {
        let sessions = Sessions::default();
        let number = sessions.begin(operator(1), &chance(1), T);
        assert_eq!(number.expose().len(), 43);
        assert_eq!(sessions.find(&number, T + Span::seconds(1_799)).expect("open").person, operator(1));
        assert!(sessions.find(&number, T + Span::seconds(1_799 + 1_800)).is_none());
        assert!(sessions.find(&number, T).is_none(), "what ended does not come back with an older clock");

        let number = sessions.begin(operator(1), &chance(2), T);
        for minutes in (20..720).step_by(20) {
            assert!(sessions.find(&number, T + Span::seconds(minutes * 60)).is_some(), "{minutes}");
        }
        assert!(sessions.find(&number, T + AGE_MAX).is_none());
    }

    #[test]
    fn a_number_that_was_not_given_is_nobodys() {
        let sessions = Sessions::default();
        let number = sessions.begin(operator(1), &chance(1), T);
        let stored: Vec<_> = sessions.lock().keys().copied().collect();
        let as_text = Secret::new(format!("{:02x?}", stored[0]));
        for wrong in [Secret::new(""), as_text, text(&stored[0]), text(&[0; 32])] {
            assert!(sessions.find(&wrong, T).is_none());
        }
        sessions.end(&Secret::new("other"));
        assert!(sessions.find(&number, T).is_some());
        sessions.end(&number);
        assert!(sessions.find(&number, T).is_none());
    }

    #[test]
    fn an_operators_sessions_end_together_but_for_the_one_in_use() {
        let sessions = Sessions::default();
        let numbers: Vec<_> = (0..3).map(|n| sessions.begin(operator(1), &chance(n), T)).collect();
        let other = sessions.begin(operator(2), &chance(9), T);
        sessions.end_of_operator(OperatorId(1), Some(&numbers[1]));
        let open: Vec<bool> = numbers.iter().map(|number| sessions.find(number, T).is_some()).collect();
        assert_eq!(open, [false, true, false]);
        sessions.end_of_operator(OperatorId(1), None);
        assert!(sessions.find(&numbers[1], T).is_none() && sessions.find(&other, T).is_some());
    }

    #[test]
    fn one_person_cannot_push_others_out() {
        let sessions = Sessions::default();
        let first = sessions.begin(operator(1), &chance(0), T);
        let many: Vec<_> =
            (1..=100).map(|n| sessions.begin(operator(2), &chance(n), T + Span::millis(i64::from(n)))).collect();
        let later = T + Span::seconds(1);
        assert!(sessions.find(&first, later).is_some());
        assert_eq!(many.iter().filter(|number| sessions.find(number, later).is_some()).count(), OF_ONE_MAX);
        assert!(sessions.find(&many[99], later).is_some(), "the newest stays");
    }

    #[test]
    fn nothing_of_a_session_is_shown() {
        let sessions = Sessions::default();
        let number = sessions.begin(operator(1), &chance(1), T);
        let session = sessions.find(&number, T).expect("open");
        let shown = format!("{sessions:?} {session:?}");
        assert!(!shown.contains(number.expose()) && !shown.contains(session.form_token.expose()), "{shown}");
    }
}
