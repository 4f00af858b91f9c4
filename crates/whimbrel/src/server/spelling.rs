//! Header names that are not in title case, like `X-XSS-Protection`, sent as they are written.
//!
//! Hyper writes names in title case, except where an answer carries the spelling of a message that hyper itself has read (it
//! offers this to proxies, and no other way). So the unusual names are given to it in a request in memory, once, and what
//! it notes down is attached to each answer that has one of them.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::task::{Context, Waker};

use bytes::Bytes;
use http::{Extensions, Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

/// Unusual names that are remembered; more go out in title case.
const NAMES_MAX: usize = 64;

/// The spelling of unusual names, as far as answers have shown them.
#[derive(Debug, Default)]
pub(super) struct Spelling(RwLock<Arc<Known>>);

#[derive(Debug, Default)]
struct Known {
    names: Vec<&'static str>,
    noted: Extensions,
}

impl Spelling {
    /// What an answer with those names must carry; `None` if title case is right for all of them.
    pub(super) fn of(&self, names: impl Iterator<Item = &'static str>) -> Option<Extensions> {
        let unusual: Vec<_> = names.filter(|name| !is_title_case(name)).collect();
        if unusual.is_empty() {
            return None;
        }
        let known = Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        let known = if unusual.iter().all(|name| known.names.contains(name)) { known } else { self.learn(&unusual) };
        Some(known.noted.clone())
    }

    fn learn(&self, unusual: &[&'static str]) -> Arc<Known> {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut names = known.names.clone();
        for name in unusual {
            if !names.contains(name) && names.len() < NAMES_MAX {
                names.push(name);
            }
        }
        *known = Arc::new(Known { noted: note(&names), names });
        Arc::clone(&known)
    }
}

/// Whether hyper's title case is the name as it is written.
fn is_title_case(name: &str) -> bool {
    let mut begins_word = true;
    name.bytes().all(|octet| {
        let is_right = if begins_word { !octet.is_ascii_lowercase() } else { !octet.is_ascii_uppercase() };
        begins_word = octet == b'-';
        is_right
    })
}

/// Lets hyper read a request with those names and takes what it noted down.
fn note(names: &[&'static str]) -> Extensions {
    let mut request = "GET / HTTP/1.0\r\n".to_owned();
    for name in names {
        request.push_str(name);
        request.push_str(": 0\r\n");
    }
    request.push_str("\r\n");
    let noted = Mutex::new(Extensions::new());
    let service = service_fn(|request: Request<Incoming>| {
        noted.lock().unwrap_or_else(PoisonError::into_inner).clone_from(request.extensions());
        std::future::ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))
    });
    let memory = TokioIo::new(tokio::io::join(request.as_bytes(), tokio::io::sink()));
    let mut builder = http1::Builder::new();
    builder.preserve_header_case(true).max_headers(NAMES_MAX).header_read_timeout(None);
    {
        let mut connection = pin!(builder.serve_connection(memory, service));
        // Everything is in memory, so one look is enough; a name that hyper refuses leaves all in title case.
        let _ = connection.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
    noted.into_inner().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_names_cost_nothing() {
        let spelling = Spelling::default();
        assert!(spelling.of(["Content-Type", "X-Nexmo-Trace-Id", "Date", "X-1a"].into_iter()).is_none());
        for name in ["X-XSS-Protection", "ETag", "WWW-Authenticate", "x-request-id"] {
            assert!(!is_title_case(name), "{name}");
            assert!(!spelling.of([name].into_iter()).unwrap().is_empty(), "{name}");
        }
    }

    #[test]
    fn names_without_end_are_not_remembered() {
        let spelling = Spelling::default();
        for count in 0..(2 * NAMES_MAX) {
            let name: &'static str = Box::leak(format!("x-{count}").into_boxed_str());
            spelling.of([name].into_iter());
        }
        assert_eq!(spelling.0.read().unwrap().names.len(), NAMES_MAX);
    }
}
