//! From a name to addresses, by the system.
//!
//! The system's resolver blocks a thread for as long as it likes: many seconds if a server of names does not answer, however soon the
//! caller gave up. The threads for what blocks are those by which the store is read, and names come from customers. So
//! there are places, and whoever is looked up keeps its place until the system is done with it: a few for each domain, so that one whose servers
//! are silent takes no more than these, and some for all. Who finds none waits, for no longer than a connection may take.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

/// Names that are looked up at once: a quarter of the threads for what blocks.
const PLACES: usize = 128;
/// Names of one domain.
const PLACES_OF_DOMAIN: usize = 8;

/// Finds the addresses of a name.
pub trait Resolve: Send + Sync + 'static {
    /// All addresses of `host`, with `port`.
    fn resolve<'a>(
        &'a self,
        host: &'a str,
        port: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;
}

type Find = fn(&str, u16) -> io::Result<Vec<SocketAddr>>;

/// The system's resolver, within bounds. See the module.
#[derive(Debug)]
pub struct SystemResolver {
    find: Find,
    places: Arc<Semaphore>,
    domains: Arc<Mutex<Domains>>,
}

/// The places of each domain, and how many hold or wait for one; those of which nobody does are forgotten.
type Domains = HashMap<Box<str>, (usize, Arc<Semaphore>)>;

impl Default for SystemResolver {
    fn default() -> Self {
        Self::with(|host, port| Ok((host, port).to_socket_addrs()?.collect()))
    }
}

impl SystemResolver {
    /// One that asks `find`, which may block.
    fn with(find: Find) -> Self {
        Self { find, places: Arc::new(Semaphore::new(PLACES)), domains: Arc::default() }
    }
}

impl Resolve for SystemResolver {
    fn resolve<'a>(
        &'a self,
        host: &'a str,
        port: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        Box::pin(async move {
            let claim = Claim::of(domain(host), &self.domains);
            // The line of a domain comes first: who waits in it stands in nobody else's way. Neither is ever closed.
            let of_domain = Arc::clone(&claim.places).acquire_owned().await.map_err(io::Error::other)?;
            let place = Arc::clone(&self.places).acquire_owned().await.map_err(io::Error::other)?;
            let (find, host) = (self.find, host.to_owned());
            let found = tokio::task::spawn_blocking(move || {
                let found = find(&host, port);
                drop((place, of_domain, claim));
                found
            });
            found.await.map_err(io::Error::other)?
        })
    }
}

/// The last two labels: what one customer has control of, near enough.
fn domain(host: &str) -> Box<str> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let from = host.rmatch_indices('.').nth(1).map_or(0, |(dot, _)| dot + 1);
    host[from..].into()
}

/// Keeps the places of a domain known for as long as somebody holds or waits for one.
struct Claim {
    domain: Box<str>,
    places: Arc<Semaphore>,
    domains: Arc<Mutex<Domains>>,
}

impl Claim {
    fn of(domain: Box<str>, domains: &Arc<Mutex<Domains>>) -> Self {
        let new = || (0, Arc::new(Semaphore::new(PLACES_OF_DOMAIN)));
        let mut table = lock(domains);
        let (claims, places) = table.entry(domain.clone()).or_insert_with(new);
        *claims += 1;
        Self { domain, places: Arc::clone(places), domains: Arc::clone(domains) }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut domains = lock(&self.domains);
        if let Some((claims, _)) = domains.get_mut(&self.domain) {
            *claims -= 1;
            if *claims == 0 {
                domains.remove(&self.domain);
            }
        }
    }
}

fn lock(domains: &Mutex<Domains>) -> MutexGuard<'_, Domains> {
    domains.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Condvar;
    use std::sync::atomic::AtomicUsize;
    use std::sync::atomic::Ordering::SeqCst;

    use super::*;

    #[test]
    fn a_domain_is_the_last_two_labels() {
        for (host, wanted) in [
            ("hooks.shop.example.com", "example.com"),
            ("EXAMPLE.com.", "example.com"),
            ("example.com", "example.com"),
            ("localhost", "localhost"),
            ("", ""),
            (".", ""),
        ] {
            assert_eq!(&*domain(host), wanted, "{host}");
        }
    }

    static ASKED: AtomicUsize = AtomicUsize::new(0);
    static GATE: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

    /// A system whose servers of `.silent` answer when the gate is opened, and all others at once.
    fn find(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if host.ends_with(".silent") {
            ASKED.fetch_add(1, SeqCst);
            let open = GATE.0.lock().unwrap_or_else(PoisonError::into_inner);
            drop(GATE.1.wait_while(open, |open| !*open));
        }
        Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))])
    }

    #[tokio::test]
    async fn a_domain_whose_servers_are_silent_takes_its_own_places_and_nobody_elses() {
        let resolver = Arc::new(SystemResolver::with(find));
        let silent = |number: usize| {
            let resolver = Arc::clone(&resolver);
            tokio::spawn(async move { resolver.resolve(&format!("h{number}.evil.silent"), 1).await.is_ok() })
        };
        let asked: Vec<_> = (0..100).map(silent).collect();
        while ASKED.load(SeqCst) < PLACES_OF_DOMAIN {
            tokio::task::yield_now().await;
        }
        // All are given up, as after a timeout. The system is not done with those that it was asked for, and they keep their places.
        for task in &asked {
            task.abort();
        }
        for task in asked {
            assert!(task.await.is_err_and(|error| error.is_cancelled()));
        }
        let next = silent(100);
        let other = resolver.resolve("hooks.example.com", 443).await.expect("answered at once");
        assert_eq!(other, [SocketAddr::from(([127, 0, 0, 1], 443))]);
        assert_eq!((ASKED.load(SeqCst), next.is_finished()), (PLACES_OF_DOMAIN, false));
        assert_eq!(resolver.places.available_permits(), PLACES - PLACES_OF_DOMAIN);
        *GATE.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        GATE.1.notify_all();
        assert!(next.await.expect("a place is free again"));
        while !lock(&resolver.domains).is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!((resolver.places.available_permits(), ASKED.load(SeqCst)), (PLACES, PLACES_OF_DOMAIN + 1));
    }
}
