//! One connection as the handle sees it: what it does now, shared between its task and whoever asks.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use whimbrel_core::{LinkId, Span, Timestamp};
use whimbrel_smpp::BindMode;

use crate::{LinkState, LinkStatus};

/// Shared between a connection's task, which writes, and the handle, which reads. Nothing here waits.
pub(super) struct Slot {
    pub(super) mode: BindMode,
    /// The link that is up; 0 for none.
    link: AtomicU32,
    /// The link that takes submissions; 0 for none.
    taking: AtomicU32,
    /// Submissions handed over that have not had their event.
    outstanding: AtomicU32,
    /// PDUs of submissions without an answer.
    unanswered: AtomicU32,
    status: Mutex<LinkStatus>,
}

impl Slot {
    pub(super) fn new(mode: BindMode, at: Timestamp) -> Self {
        let name = match mode {
            BindMode::Transceiver => "transceiver",
            BindMode::Transmitter => "transmitter",
            BindMode::Receiver => "receiver",
        };
        Self {
            mode,
            link: AtomicU32::new(0),
            taking: AtomicU32::new(0),
            outstanding: AtomicU32::new(0),
            unanswered: AtomicU32::new(0),
            status: Mutex::new(LinkStatus {
                link: None,
                mode: name,
                state: LinkState::Connecting,
                since: at,
                window_max: 0,
                window_used: 0,
                peer: Box::default(),
                fault: Box::default(),
                next_try_at: None,
            }),
        }
    }

    /// The link whose deliveries can be acknowledged; 0 for none.
    pub(super) fn link(&self) -> u32 {
        self.link.load(Ordering::Acquire)
    }

    pub(super) fn set_link(&self, link: Option<LinkId>) {
        self.link.store(link.map_or(0, |link| link.0), Ordering::Release);
        self.status().link = link;
    }

    /// The link that takes submissions; 0 for none.
    pub(super) fn taking(&self) -> u32 {
        self.taking.load(Ordering::Acquire)
    }

    pub(super) fn set_taking(&self, link: Option<LinkId>) {
        self.taking.store(link.map_or(0, |link| link.0), Ordering::Release);
    }

    pub(super) fn outstanding(&self) -> u32 {
        self.outstanding.load(Ordering::Relaxed)
    }

    /// Counts a submission that is handed over.
    pub(super) fn open(&self) {
        self.outstanding.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a submission that had its event, or was not handed over after all.
    pub(super) fn settle(&self) {
        self.outstanding.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn set_unanswered(&self, count: usize) {
        self.unanswered.store(u32::try_from(count).unwrap_or(u32::MAX), Ordering::Relaxed);
    }

    pub(super) fn connecting(&self, at: Timestamp) {
        let mut status = self.status();
        (status.state, status.since, status.next_try_at) = (LinkState::Connecting, at, None);
    }

    pub(super) fn bound(&self, peer: &str, window_max: u16, at: Timestamp) {
        let mut status = self.status();
        (status.state, status.since) = (LinkState::Bound, at);
        (status.peer, status.window_max) = (peer.into(), window_max);
    }

    pub(super) fn unbinding(&self, at: Timestamp) {
        let mut status = self.status();
        (status.state, status.since) = (LinkState::Unbinding, at);
    }

    pub(super) fn waiting(&self, fault: &str, pause: Span, at: Timestamp) {
        let mut status = self.status();
        (status.state, status.since) = (LinkState::Waiting, at);
        (status.peer, status.window_max) = (Box::default(), 0);
        (status.fault, status.next_try_at) = (fault.into(), Some(at + pause));
    }

    pub(super) fn closed(&self, at: Timestamp) {
        let mut status = self.status();
        (status.state, status.since, status.next_try_at) = (LinkState::Closed, at, None);
        (status.peer, status.window_max) = (Box::default(), 0);
    }

    /// What it does now.
    pub(super) fn snapshot(&self) -> LinkStatus {
        let window_used = u16::try_from(self.unanswered.load(Ordering::Relaxed)).unwrap_or(u16::MAX);
        LinkStatus { window_used, ..self.status().clone() }
    }

    fn status(&self) -> MutexGuard<'_, LinkStatus> {
        // Each change is whole before a panic could come.
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
