//! Keeps a link up: connects, hands the connection to a [`Link`], waits, and tries again until it is told to stop.
//!
//! Between links every submission that comes is given back at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::{mpsc, watch};
use whimbrel_core::{AckToken, CarrierEvent, CarrierId, LinkId, Span, Submission, World};

use crate::Ack;

use super::SmppConfig;
use super::clock::Clock;
use super::connect::Connect;
use super::link::Link;
use super::reconnect::{Backoff, Ending};
use super::report::{Reporter, Ticket};
use super::wire::SubmitForm;

/// What comes from the handle.
pub(super) struct Channels {
    pub(super) submissions: mpsc::Receiver<Submission>,
    pub(super) acknowledged: mpsc::Receiver<(AckToken, Ack)>,
    /// A change, or the end of the sender, stops the carrier.
    pub(super) stopped: watch::Receiver<()>,
    /// The link whose receipts can be acknowledged; 0 for none.
    pub(super) link: Arc<AtomicU32>,
}

/// Owns all of a carrier that outlives a connection.
pub(super) struct Keeper {
    pub(super) config: SmppConfig,
    pub(super) form: SubmitForm,
    pub(super) channels: Channels,
    pub(super) report: Reporter,
    pub(super) clock: Clock,
    pub(super) backoff: Backoff,
    connect: Arc<dyn Connect>,
    links: u32,
    is_stopping: bool,
}

impl Keeper {
    pub(super) fn new(
        config: SmppConfig,
        id: CarrierId,
        channels: Channels,
        events: mpsc::Sender<CarrierEvent>,
        world: Arc<dyn World>,
        connect: Arc<dyn Connect>,
    ) -> Self {
        Self {
            form: config.submit_form(),
            report: Reporter::new(id, &config.name, events),
            config,
            channels,
            clock: Clock::new(world),
            backoff: Backoff::default(),
            connect,
            links: 0,
            is_stopping: false,
        }
    }

    /// Runs until it is stopped. Then every submission has had its event.
    pub(super) async fn run(mut self) {
        if self.config.password.expose().len() > 8 {
            let carrier = &*self.config.name;
            tracing::warn!(carrier, "password is longer than the 8 octets of SMPP 3.4: it is sent as it is");
        }
        while !self.is_stopping {
            let connecting = self.connect.connect();
            let Some(connected) = self.until_stopped(connecting).await else { break };
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
            if self.is_stopping {
                break;
            }
            self.report.meters.reconnects.increment(1);
            let pausing = self.clock.sleep(pause);
            self.until_stopped(pausing).await;
        }
        self.end().await;
    }

    /// Whether the carrier is to stop. Once it is, no submission comes any more.
    pub(super) fn is_stopping(&mut self) -> bool {
        // An error is the end of the handle.
        if !self.is_stopping && (self.channels.stopped.has_changed().unwrap_or(true) || self.report.is_unheard()) {
            self.stop();
        }
        self.is_stopping
    }

    /// Notes that the carrier is to stop.
    pub(super) fn stop(&mut self) {
        self.is_stopping = true;
        self.channels.submissions.close();
    }

    /// Gives back a submission of which nothing was written.
    pub(super) fn give_back(&mut self, submission: &Submission) {
        self.clock.now();
        self.report.given_back(Ticket::from(submission), self.clock.wall());
    }

    /// Waits for `work` while there is no link; `None` if the carrier is to stop.
    async fn until_stopped<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(work);
        while !self.is_stopping() {
            let Channels { submissions, acknowledged, stopped, .. } = &mut self.channels;
            let is_behind = self.report.is_behind();
            let given = tokio::select! {
                biased;
                _ = stopped.changed() => {
                    self.stop();
                    return None;
                }
                done = &mut work => return Some(done),
                () = self.report.send_one(), if is_behind => continue,
                // The link that these are for is over.
                Some(_) = acknowledged.recv() => continue,
                Some(submission) = submissions.recv(), if !is_behind => submission,
            };
            self.give_back(&given);
        }
        None
    }

    fn next_link(&mut self) -> LinkId {
        // 0 stands for no link.
        self.links = self.links.checked_add(1).unwrap_or(1);
        LinkId(self.links)
    }

    /// Says that the link's receipts can be acknowledged, or, with `None`, that none can.
    pub(super) fn set_link(&self, link: Option<LinkId>) {
        self.channels.link.store(link.map_or(0, |link| link.0), Ordering::Release);
    }

    fn not_connected(&mut self, error: &io::Error) -> Span {
        let pause = self.backoff.pause(Ending::NotBound, self.clock.random());
        let SmppConfig { name, host, port, .. } = &self.config;
        let why = format!(
            "cannot connect to {host}:{port}: {error}; check `host` and `port` of carrier `{name}`, and that the network \
             lets us out; {}",
            next_try(pause)
        );
        tracing::warn!(carrier = %name, %error, "carrier cannot be connected to");
        self.report.down(None, &why);
        pause
    }

    fn misconfigured(&mut self, error: whimbrel_smpp::EncodeError) -> Span {
        let pause = self.backoff.pause(Ending::Misconfigured, self.clock.random());
        let name = &self.config.name;
        let why = format!("cannot bind: {error}; correct it in the settings of carrier `{name}`; {}", next_try(pause));
        tracing::error!(carrier = %name, %error, "bind cannot be written: correct the carrier's settings");
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
        while self.report.is_behind() {
            self.report.send_one().await;
        }
    }
}

/// When binding is tried again, for people.
pub(super) fn next_try(pause: Span) -> String {
    format!("next try in {} s", (pause.as_millis() + 999).div_euclid(1_000))
}
