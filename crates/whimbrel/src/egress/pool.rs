//! Which connections are open, and how many calls may be.
//!
//! Each host has its own share, so that a slow one cannot take all places. Idle connections are kept for a while, the last
//! used first; where there is no room for one more, the one that is idle for longest makes room, so that whoever came first keeps nobody
//! out. An idle connection goes to an address that was checked when it was made.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::client::EgressLimits;
use super::link::Link;
use super::target::Peer;

/// Hosts that are remembered.
const HOSTS_MAX: usize = 4096;

pub(super) struct Pool {
    places: Arc<Semaphore>,
    places_per_host: usize,
    idle_max: usize,
    idle_time_max: Duration,
    hosts: Mutex<Hosts>,
}

#[derive(Default)]
struct Hosts {
    by_peer: HashMap<Peer, Host>,
    /// Idle connections of all of them.
    idle_count: usize,
}

struct Host {
    places: Arc<Semaphore>,
    idle: Vec<(Link, Instant)>,
}

/// A place for one call: held until the call is over.
pub(super) struct Place {
    _host: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Pool {
    pub(super) fn new(limits: EgressLimits) -> Self {
        Self {
            places: Arc::new(Semaphore::new(limits.calls_max)),
            places_per_host: limits.calls_per_host_max,
            idle_max: limits.idle_max,
            idle_time_max: limits.idle_time_max,
            hosts: Mutex::default(),
        }
    }

    /// Waits for a place. The host's comes first, so that those who wait for a slow host take no place from others.
    /// `None` if too many hosts are in use.
    pub(super) async fn place(&self, peer: &Peer) -> Option<Place> {
        let host_places = {
            let mut hosts = self.lock();
            if !hosts.by_peer.contains_key(peer) && hosts.by_peer.len() >= HOSTS_MAX {
                self.forget_unused(&mut hosts);
                if hosts.by_peer.len() >= HOSTS_MAX {
                    return None;
                }
            }
            let host = hosts
                .by_peer
                .entry(peer.clone())
                .or_insert_with(|| Host { places: Arc::new(Semaphore::new(self.places_per_host)), idle: Vec::new() });
            Arc::clone(&host.places)
        };
        // Neither semaphore is ever closed.
        let _host = host_places.acquire_owned().await.ok()?;
        let _all = Arc::clone(&self.places).acquire_owned().await.ok()?;
        Some(Place { _host, _all })
    }

    /// An idle connection that is still good.
    pub(super) async fn take(&self, peer: &Peer) -> Option<Link> {
        loop {
            let (mut link, since) = self.lock().take(peer)?;
            if since.elapsed() < self.idle_time_max && link.is_usable().await {
                return Some(link);
            }
        }
    }

    /// Keeps a connection for later: a host has no more than it has calls at once.
    pub(super) fn give_back(&self, peer: &Peer, link: Link) {
        let mut hosts = self.lock();
        if self.idle_max == 0 || !hosts.by_peer.contains_key(peer) {
            return;
        }
        if hosts.idle_count >= self.idle_max {
            hosts.close_longest_idle();
        }
        if let Some(host) = hosts.by_peer.get_mut(peer) {
            host.idle.push((link, Instant::now()));
            hosts.idle_count += 1;
        }
    }

    /// Closes connections that were idle for too long.
    pub(super) fn tidy(&self) {
        self.forget_unused(&mut self.lock());
    }

    fn forget_unused(&self, hosts: &mut Hosts) {
        hosts.idle_count = 0;
        hosts.by_peer.retain(|_, host| {
            host.idle.retain(|(_, since)| since.elapsed() < self.idle_time_max);
            hosts.idle_count += host.idle.len();
            // The second owner is a call that waits or runs.
            !host.idle.is_empty() || Arc::strong_count(&host.places) > 1
        });
    }

    fn lock(&self) -> MutexGuard<'_, Hosts> {
        // A panic cannot leave the maps half changed for long: `tidy` counts anew.
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hosts {
    fn take(&mut self, peer: &Peer) -> Option<(Link, Instant)> {
        let idle = self.by_peer.get_mut(peer)?.idle.pop()?;
        self.idle_count -= 1;
        Some(idle)
    }

    /// Each host's first is its longest idle one.
    fn close_longest_idle(&mut self) {
        let hosts = self.by_peer.values_mut().filter(|host| !host.idle.is_empty());
        if let Some(host) = hosts.min_by_key(|host| host.idle.first().map(|(_, since)| *since)) {
            host.idle.remove(0);
            self.idle_count -= 1;
        }
    }
}
