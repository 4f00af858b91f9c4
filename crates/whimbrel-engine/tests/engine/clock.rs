//! The world with a clock that a test can set; who sleeps notices.

use tokio::sync::watch;
use whimbrel_core::world::BoxFuture;
use whimbrel_core::{Span, Timestamp, World};
use whimbrel_engine::SystemWorld;

/// The real world, but for a clock that is off by so much.
pub struct SetWorld {
    real: SystemWorld,
    ahead: watch::Sender<Span>,
}

impl SetWorld {
    pub fn new(high_water: i64) -> Self {
        Self { real: SystemWorld::new(0, high_water), ahead: watch::Sender::new(Span::ZERO) }
    }

    /// Sets the clock to `now`; it goes on from there.
    pub fn set(&self, now: Timestamp) {
        self.ahead.send_replace(Span(now.0 - self.real.now().0));
    }
}

impl World for SetWorld {
    fn now(&self) -> Timestamp {
        self.real.now() + *self.ahead.borrow()
    }

    fn sleep_until(&self, deadline: Timestamp) -> BoxFuture<'static, ()> {
        let mut ahead = self.ahead.subscribe();
        let began_at = self.now();
        let began = tokio::time::Instant::now();
        let first = *ahead.borrow_and_update();
        Box::pin(async move {
            let mut jumped = Span::ZERO;
            loop {
                let until = began + Span(deadline.0.saturating_sub(began_at.0).saturating_sub(jumped.0)).to_std();
                tokio::select! {
                    biased;
                    () = tokio::time::sleep_until(until) => return,
                    changed = ahead.changed() => match changed {
                        Ok(()) => jumped = Span(ahead.borrow_and_update().0 - first.0),
                        // The world is gone: nobody sets the clock any more.
                        Err(_) => return tokio::time::sleep_until(until).await,
                    },
                }
            }
        })
    }

    fn random(&self) -> u64 {
        self.real.random()
    }

    fn next_id(&self) -> i64 {
        self.real.next_id()
    }
}
