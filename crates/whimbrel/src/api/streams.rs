//! Streams of server-sent events (WHATWG HTML, "Server-sent events"): how many there may be, how one begins, and whether whoever opened it
//! may still see it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::mpsc;
use whimbrel_core::policy::Signable;
use whimbrel_core::{Scope, Secret};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_engine::{Engine, Origin};

use super::{Api, Known};
use crate::people::Person;
use crate::people::sessions::Sessions;
use crate::server::{Answer, problem};

/// Streams open at once.
const ALL_MAX: usize = 64;
/// Of these, streams of owners: operators always find some.
const OF_OWNERS_MAX: usize = ALL_MAX / 2;
/// Of these, streams of one who signed in.
const OF_ONE_MAX: usize = 8;
/// Pieces that a slow client may be behind before its stream waits.
const PIECES_MAX: usize = 64;

/// The streams that are open.
#[derive(Debug, Default)]
pub(crate) struct Streams(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    of_owners: usize,
    /// Of those who signed in, by the name in the audit log.
    of_each: HashMap<String, usize>,
}

/// A stream's place and its right. Given back when it is dropped.
pub(crate) struct Place {
    streams: Arc<Streams>,
    engine: Arc<Engine>,
    sessions: Arc<Sessions>,
    person: Person,
    session: Option<Secret>,
    origin: Origin,
}

/// The way into a stream, and the answer that begins it.
pub(crate) struct Begun {
    pub(crate) sender: mpsc::Sender<Bytes>,
    pub(crate) answer: Answer,
}

impl Streams {
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, person: &Person) -> bool {
        let mut counts = self.lock();
        let (is_owner, name) = (person.account().is_some(), name(person));
        let own = name.as_ref().and_then(|name| counts.of_each.get(name)).copied().unwrap_or(0);
        if counts.all >= ALL_MAX || own >= OF_ONE_MAX || (is_owner && counts.of_owners >= OF_OWNERS_MAX) {
            return false;
        }
        counts.all += 1;
        counts.of_owners += usize::from(is_owner);
        if let Some(name) = name {
            *counts.of_each.entry(name).or_default() += 1;
        }
        true
    }

    fn give_back(&self, person: &Person) {
        let mut counts = self.lock();
        counts.all -= 1;
        counts.of_owners -= usize::from(person.account().is_some());
        if let Some(name) = name(person)
            && let Some(own) = counts.of_each.get_mut(&name)
        {
            *own -= 1;
            if *own == 0 {
                counts.of_each.remove(&name);
            }
        }
    }
}

/// Who is counted apart; the operator's own programs are not.
fn name(person: &Person) -> Option<String> {
    match person {
        Person::AdminToken | Person::ThisMachine => None,
        Person::Operator { .. } | Person::Owner { .. } => Some(person.audit_name()),
    }
}

impl Api {
    /// A place for a stream of somebody who is known.
    ///
    /// # Errors
    /// The answer that there is none.
    pub(crate) fn stream_place(&self, known: &Known, origin: Origin) -> Result<Place, HttpResponse> {
        if !self.streams.take(&known.person) {
            let detail = "too many clients listen already: close one, or try again later";
            return Err(problem(503, "Service Unavailable", detail));
        }
        Ok(Place {
            streams: Arc::clone(&self.streams),
            engine: Arc::clone(&self.engine),
            sessions: Arc::clone(&self.sessions),
            person: known.person.clone(),
            session: known.session.as_ref().map(|session| session.number.clone()),
            origin,
        })
    }
}

impl Place {
    /// Whether whoever opened it may still see it: they have not signed out, and were not removed. Looking is no use of the session.
    pub(crate) fn holds(&self) -> bool {
        let in_session =
            self.session.as_ref().is_none_or(|number| self.sessions.is_open(number, self.engine.world().now()));
        let as_owner = match &self.person {
            Person::Owner { owner, .. } => {
                self.engine.owner_again(owner, self.origin, Scope::Read, Signable::No).is_ok()
            }
            Person::AdminToken | Person::ThisMachine | Person::Operator { .. } => true,
        };
        in_session && as_owner
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.streams.give_back(&self.person);
    }
}

/// Begins a stream.
pub(crate) fn begin() -> Begun {
    let (sender, pieces) = mpsc::channel(PIECES_MAX);
    let headers = vec![
        ("Content-Type", "text/event-stream".into()),
        ("Cache-Control", "no-store".into()),
        ("X-Content-Type-Options", "nosniff".into()),
        ("X-Accel-Buffering", "no".into()),
    ];
    // A client tries again after a second; its first octets tell it that the stream is open.
    let head = HttpResponse { status: 200, headers, body: b"retry: 1000\n\n".to_vec() };
    Begun { sender, answer: Answer::Stream { head, pieces } }
}

#[cfg(test)]
mod tests {
    use whimbrel_store::{OperatorId, OperatorRole};

    use super::*;

    fn operator(name: &str) -> Person {
        Person::Operator { id: OperatorId(1), name: name.into(), role: OperatorRole::Operator }
    }

    #[test]
    fn nobody_takes_every_place() {
        let streams = Streams::default();
        assert_eq!((0..100).filter(|_| streams.take(&operator("ann"))).count(), OF_ONE_MAX);
        assert!(streams.take(&operator("ben")));
        streams.give_back(&operator("ann"));
        assert!(streams.take(&operator("ann")) && !streams.take(&operator("ann")));
        assert_eq!((0..100).filter(|_| streams.take(&Person::AdminToken)).count(), ALL_MAX - OF_ONE_MAX - 1);
        assert!(!streams.take(&operator("cid")), "there is a bound for all");
    }
}
