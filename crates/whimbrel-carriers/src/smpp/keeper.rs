//! Keeps one connection of a carrier up: connects, hands the connection to a [`Link`], waits, and tries
//! again until it is told to stop. An order to unbind closes it until it is ordered to bind.
//!
//! Between links every submission that comes is given back at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::sync::{mpsc, oneshot, watch};
use whimbrel_core::{AckToken, LinkId, Span, Submission, World};

use crate::{Ack, Order, Watcher};

use super::SmppConfig;
use super::clock::Clock;
use super::connect::Connect;
use super::link::Link;
use super::reconnect::{Backoff, Ending};
use super::report::{Reporter, Ticket};
use super::slot::Slot;

/// What the handle wants of every connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    /// What an operator ordered.
    Order(Order),
    /// To end.
    Close,
}

/// Who asks whether the other end lives.
pub(super) type Probe = oneshot::Sender<Result<Span, Box<str>>>;

/// What comes from the handle.
pub(super) struct Channels {
    pub(super) submissions: mpsc::Receiver<Submission>,
    pub(super) acknowledged: mpsc::Receiver<(AckToken, Ack)>,
    pub(super) probes: mpsc::Receiver<Probe>,
    /// The end of the sender stops the carrier too.
    pub(super) commands: watch::Receiver<Command>,
}

/// What the connections of a carrier share.
pub(super) struct Shared {
    pub(super) config: SmppConfig,
    /// The last number that was given to a link, of whatever carrier.
    pub(super) links: Arc<AtomicU32>,
    /// The carrier said that it takes no times.
    pub(super) omits_times: AtomicBool,
    pub(super) connect: Arc<dyn Connect>,
    pub(super) watcher: Arc<dyn Watcher>,
}

/// Owns all of a connection's place that outlives the connection.
pub(super) struct Keeper {
    pub(super) shared: Arc<Shared>,
    pub(super) slot: Arc<Slot>,
    pub(super) channels: Channels,
    pub(super) report: Reporter,
    pub(super) clock: Clock,
    pub(super) backoff: Backoff,
    order: Order,
    is_stopping: bool,
}

impl Keeper {
    pub(super) fn new(
        shared: Arc<Shared>,
        slot: Arc<Slot>,
        channels: Channels,
        report: Reporter,
        world: Arc<dyn World>,
    ) -> Self {
        Self {
            shared,
            slot,
            channels,
            report,
            clock: Clock::new(world),
            backoff: Backoff::default(),
            order: Order::Bind,
            is_stopping: false,
        }
    }

    /// The settings.
    pub(super) fn config(&self) -> &SmppConfig {
        &self.shared.config
    }

    /// Runs until it is stopped. Then every submission has had its event.
    pub(super) async fn run(mut self) {
        while !self.is_stopping() {
            if self.order == Order::Unbind {
                self.slot.closed(self.clock.wall());
                self.until_changed(std::future::pending::<()>()).await;
                continue;
            }
            self.slot.connecting(self.clock.wall());
            let connecting = self.shared.connect.connect();
            let Some(connected) = self.until_changed(connecting).await else { continue };
            let pause = match connected {
                Ok(socket) => {
                    let link = self.next_link();
                    match Link::bind(&mut self, link, socket) {
                        Ok(link) => link.run().await,
                        Err(error) => self.misconfigured(error),
                    }
                }
                Err(error) => self.not_connected(&error),
            };
            if self.is_stopping() || self.order == Order::Unbind {
                continue;
            }
            self.report.meters.reconnects.increment(1);
            let pausing = self.clock.sleep(pause);
            self.until_changed(pausing).await;
        }
        self.end().await;
    }

    /// Whether the carrier is to stop. Once it is, no submission comes any more.
    pub(super) fn is_stopping(&mut self) -> bool {
        if !self.is_stopping {
            let command = *self.channels.commands.borrow_and_update();
            // An error is the end of the handle.
            let is_left = self.channels.commands.has_changed().is_err() || self.report.is_unheard();
            match command {
                Command::Order(order) if !is_left => self.order = order,
                Command::Order(_) | Command::Close => self.stop(),
            }
        }
        self.is_stopping
    }

    /// What was ordered last.
    pub(super) const fn order(&self) -> Order {
        self.order
    }

    fn stop(&mut self) {
        self.is_stopping = true;
        self.channels.submissions.close();
    }

    /// Gives back a submission of which nothing was written.
    pub(super) fn give_back(&mut self, submission: &Submission) {
        self.clock.now();
        self.report.given_back(Ticket::from(submission), self.clock.wall());
    }

    /// Waits for `work` while there is no link; `None` if the carrier is to stop or something else was ordered.
    async fn until_changed<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(work);
        let before = self.order;
        while !self.is_stopping() && self.order == before {
            let Channels { submissions, acknowledged, probes, commands } = &mut self.channels;
            let is_behind = self.report.is_behind();
            let given = tokio::select! {
                biased;
                // To be ordered to bind again while waiting means: now.
                _ = commands.changed() => {
                    if self.is_stopping() || self.order == Order::Bind {
                        return None;
                    }
                    continue;
                }
                done = &mut work => return Some(done),
                () = self.report.send_one(), if is_behind => continue,
                // The link that these are for is over.
                Some(_) = acknowledged.recv() => continue,
                Some(probe) = probes.recv() => {
                    // Whoever asked may have gone.
                    let _ = probe.send(Err("no connection is bound".into()));
                    continue;
                }
                Some(submission) = submissions.recv(), if !is_behind => submission,
            };
            self.give_back(&given);
        }
        None
    }

    fn next_link(&mut self) -> LinkId {
        loop {
            // 0 stands for no link.
            let link = self.shared.links.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
            if link != 0 {
                return LinkId(link);
            }
        }
    }

    fn not_connected(&mut self, error: &io::Error) -> Span {
        let pause = self.backoff.pause(Ending::NotBound, self.clock.random());
        let SmppConfig { name, host, port, .. } = &self.shared.config;
        let why = format!(
            "cannot connect to {host}:{port}: {error}; check `host` and `port` of carrier `{name}`, and that the network \
             lets us out; {}",
            next_try(pause)
        );
        tracing::warn!(carrier = %name, %error, "carrier cannot be connected to");
        self.slot.waiting(&why, pause, self.clock.wall());
        self.report.down(None, &why);
        pause
    }

    fn misconfigured(&mut self, error: whimbrel_smpp::EncodeError) -> Span {
        let pause = self.backoff.pause(Ending::Misconfigured, self.clock.random());
        let name = &self.shared.config.name;
        let why = format!("cannot bind: {error}; correct it in the settings of carrier `{name}`; {}", next_try(pause));
        tracing::error!(carrier = %name, %error, "bind cannot be written: correct the carrier's settings");
        self.slot.waiting(&why, pause, self.clock.wall());
        self.report.down(None, &why);
        pause
    }

    /// Gives back what still comes, and hands over all events.
    async fn end(&mut self) {
        self.channels.submissions.close();
        // After the close this ends as soon as what was taken is taken out.
        while let Some(submission) = self.channels.submissions.recv().await {
            self.give_back(&submission);
        }
        self.slot.closed(self.clock.wall());
        while self.report.is_behind() {
            self.report.send_one().await;
        }
    }
}

/// When binding is tried again, for people.
pub(super) fn next_try(pause: Span) -> String {
    format!("next try in {} s", (pause.as_millis() + 999).div_euclid(1_000))
}
