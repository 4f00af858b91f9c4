//! The signal to stop: given once, seen by everyone, also by those who look later.

use tokio::sync::watch;

/// Makes a signal: the one end that gives it, and the one that is cloned for all who wait.
#[must_use]
pub fn shutdown() -> (Trigger, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (Trigger(sender), Shutdown(receiver))
}

/// Gives the signal. Dropping it gives the signal too, so that a lost owner cannot keep a server running.
#[derive(Debug)]
pub struct Trigger(watch::Sender<bool>);

impl Trigger {
    /// Gives the signal. Harmless twice.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// Waits for the signal.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// Returns when the signal has been given.
    pub async fn requested(&mut self) {
        // An error says that the trigger is gone, which counts as the signal.
        let _ = self.0.wait_for(|given| *given).await;
    }

    /// Whether the signal has been given.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_signal_is_seen_by_early_and_late_waiters_and_by_the_loss_of_its_owner() {
        let (trigger, mut early) = shutdown();
        assert!(!early.is_requested());
        trigger.stop();
        trigger.stop();
        early.requested().await;
        let mut late = early.clone();
        late.requested().await;
        assert!(late.is_requested());

        let (trigger, mut waiting) = shutdown();
        drop(trigger);
        waiting.requested().await;
        assert!(waiting.is_requested());
    }
}
