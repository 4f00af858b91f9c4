//! Which connections are open, and how many calls may be.
//!
//! Each host has its own share, so that a slow one cannot take all places. Idle connections are kept for a while, the last
//! used first. An idle connection goes to an address that was checked when it was made.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::link::Link;
use super::target::Peer;

/// Hosts that are remembered.
const HOSTS_MAX: usize = 4096;

pub(super) struct Pool {
    places: Arc<Semaphore>,
    places_per_host: usize,
    idle_per_host_max: usize,
    idle_time_max: Duration,
    hosts: Mutex<HashMap<Peer, Host>>,
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
    pub(super) fn new(
        places: usize,
        places_per_host: usize,
        idle_per_host_max: usize,
        idle_time_max: Duration,
    ) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            places_per_host,
            idle_per_host_max,
            idle_time_max,
            hosts: Mutex::new(HashMap::new()),
        }
    }

    /// Waits for a place. The host's comes first, so that those who wait for a slow host take no place from others.
    /// `None` if too many hosts are in use.
    pub(super) async fn place(&self, peer: &Peer) -> Option<Place> {
        let host_places = {
            let mut hosts = self.lock();
            if !hosts.contains_key(peer) && hosts.len() >= HOSTS_MAX {
                self.forget_unused(&mut hosts);
                if hosts.len() >= HOSTS_MAX {
                    return None;
                }
            }
            let host = hosts
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
            let (mut link, since) = self.lock().get_mut(peer)?.idle.pop()?;
            if since.elapsed() < self.idle_time_max && link.is_usable().await {
                return Some(link);
            }
        }
    }

    /// Keeps a connection for later.
    pub(super) fn give_back(&self, peer: &Peer, link: Link) {
        if let Some(host) = self.lock().get_mut(peer)
            && host.idle.len() < self.idle_per_host_max
        {
            host.idle.push((link, Instant::now()));
        }
    }

    /// Closes connections that were idle for too long.
    pub(super) fn tidy(&self) {
        self.forget_unused(&mut self.lock());
    }

    fn forget_unused(&self, hosts: &mut HashMap<Peer, Host>) {
        hosts.retain(|_, host| {
            host.idle.retain(|(_, since)| since.elapsed() < self.idle_time_max);
            // The second owner is a call that waits or runs.
            !host.idle.is_empty() || Arc::strong_count(&host.places) > 1
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Peer, Host>> {
        // A panic cannot leave the map half changed: each change is one call.
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
