//! The world's wall clock as a clock that never runs back, for deadlines.
//!
//! Sessions and receipts count in [`Instant`]s. A wall clock that is set back adds no time, and counting goes on from there:
//! deadlines come late by nothing but the moment of the change.

use std::sync::{Arc, Mutex, PoisonError};

use whimbrel_core::{Span, Timestamp, World};
use whimbrel_smpp::session::Instant;

/// Shared by all tasks of a simulator.
pub struct Clock {
    world: Arc<dyn World>,
    reading: Mutex<Reading>,
}

struct Reading {
    wall: Timestamp,
    counted: i64,
}

impl Clock {
    /// A clock that begins at zero now.
    #[must_use]
    pub fn new(world: Arc<dyn World>) -> Self {
        let reading = Mutex::new(Reading { wall: world.now(), counted: 0 });
        Self { world, reading }
    }

    /// The time counted since the clock was made.
    #[must_use]
    pub fn now(&self) -> Instant {
        let (_, counted) = self.read();
        counted
    }

    /// The wall clock and the time counted, at one moment.
    fn read(&self) -> (Timestamp, Instant) {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let wall = self.world.now();
        reading.counted = reading.counted.saturating_add(wall.since(reading.wall).0);
        reading.wall = wall;
        (wall, Instant(reading.counted))
    }

    /// The wall clock.
    #[must_use]
    pub fn wall(&self) -> Timestamp {
        self.world.now()
    }

    /// Ends when `deadline` has come, never without one. It may end early if the wall clock is set: look again.
    pub async fn sleep_until(&self, deadline: Option<Instant>) {
        match deadline {
            Some(deadline) => {
                let (wall, now) = self.read();
                let left = Span(deadline.0.saturating_sub(now.0).max(0));
                self.world.sleep_until(wall + left).await;
            }
            None => std::future::pending().await,
        }
    }
}

/// `span` after `instant`.
#[must_use]
pub const fn after(instant: Instant, span: Span) -> Instant {
    Instant(instant.0.saturating_add(span.0))
}
