//! Who may use the native API.

use whimbrel_core::Secret;
use whimbrel_dialects::http::{HostKind, HttpResponse};

use crate::people::cookie::names_loopback;
use crate::people::foreign;
use crate::server::{IncomingRequest, problem};

/// Whether callers on this very machine need the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Local {
    /// They need it as everybody does.
    NeedsToken,
    /// They do not, unless a foreign web page sent them: development only.
    Trusted,
}

/// The rule and the token.
#[derive(Debug)]
pub struct Access {
    admin_token: Secret,
    local: Local,
}

impl Access {
    /// Callers prove themselves by `admin_token`, and those on this machine as `local` says.
    #[must_use]
    pub const fn new(admin_token: Secret, local: Local) -> Self {
        Self { admin_token, local }
    }

    /// Whether this is a development server, which shows one-time codes to whoever may call.
    pub(super) fn reveals_codes(&self) -> bool {
        self.local == Local::Trusted
    }

    /// Whether callers on this very machine need the token.
    #[must_use]
    pub const fn local(&self) -> Local {
        self.local
    }

    /// Judges a browser that opens a page. A link on a foreign page may lead there: that page cannot read what comes.
    ///
    /// # Errors
    /// As [`Self::judge`].
    pub fn judge_navigation(&self, request: &IncomingRequest) -> Result<(), HttpResponse> {
        let is_here = self.local == Local::Trusted && request.header("authorization").is_none() && is_at_home(request);
        if is_here { Ok(()) } else { self.judge(request) }
    }

    /// Judges a caller.
    ///
    /// # Errors
    /// The answer to send: 401 with what to do.
    pub fn judge(&self, request: &IncomingRequest) -> Result<(), HttpResponse> {
        if let Some(credentials) = request.header("authorization") {
            let token = credentials.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            return match token {
                Some((_, token)) if Secret::new(token.trim()) == self.admin_token => Ok(()),
                _ => Err(unauthorized("the bearer token is not this server's admin token")),
            };
        }
        match self.local {
            Local::Trusted if is_local(request) => Ok(()),
            Local::Trusted => Err(unauthorized(
                "only callers on this machine, by the name localhost, 127.0.0.1 or [::1], need no token: send `Authorization: Bearer` \
                 with the admin token of the ready-file",
            )),
            Local::NeedsToken => Err(unauthorized(
                "send `Authorization: Bearer` with the admin token, which stands in the file `admin.token` of the data folder",
            )),
        }
    }
}

pub(super) fn unauthorized(detail: &str) -> HttpResponse {
    let mut response = problem(401, "Unauthorized", detail);
    response.headers.push(("WWW-Authenticate", "Bearer".into()));
    response
}

/// On loopback, by a name of this machine (so that no foreign name can be pointed here), and not from a foreign page.
fn is_local(request: &IncomingRequest) -> bool {
    is_at_home(request) && is_same_origin(request)
}

/// On loopback, by a name of this machine.
fn is_at_home(request: &IncomingRequest) -> bool {
    let headers = request.header_list();
    let is_local_name = request.header("host").is_some() && request.view(&headers).host_kind() == HostKind::Local;
    let is_loopback = request.peer().ip().to_canonical().is_loopback();
    is_loopback && is_local_name && names_loopback(request.header("host").unwrap_or_default())
}

pub(super) fn is_same_origin(request: &IncomingRequest) -> bool {
    foreign::is_own(request, request.header("host").unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::server::Scheme;

    fn check(local: Local, peer: &str, headers: &[(&str, &str)]) -> bool {
        let mut builder = http::Request::builder().method("GET").uri("/_whimbrel/v1/stats");
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let (head, ()) = builder.body(()).expect("a good request").into_parts();
        let request = IncomingRequest::new(head, Bytes::new(), peer.parse().expect("an address"), Scheme::Http);
        Access::new(Secret::new("token"), local).judge(&request).is_ok()
    }

    #[test]
    fn the_token_opens_and_a_wrong_one_closes_also_locally() {
        let host = ("host", "localhost:7670");
        for local in [Local::NeedsToken, Local::Trusted] {
            assert!(check(local, "192.0.2.1:9", &[("host", "sms.example.com"), ("authorization", "Bearer token")]));
            for wrong in ["Bearer other", "Bearer", "Basic token", "token"] {
                assert!(!check(local, "127.0.0.1:9", &[host, ("authorization", wrong)]), "{wrong}");
            }
        }
    }

    #[test]
    fn only_a_development_server_trusts_its_own_machine() {
        for (peer, headers, trusted) in [
            ("127.0.0.1:9", vec![("host", "localhost:7670")], true),
            ("127.0.0.1:9", vec![("host", "127.0.0.1")], true),
            ("[::1]:9", vec![("host", "[::1]:7670")], true),
            ("[::ffff:127.0.0.1]:9", vec![("host", "LOCALHOST")], true),
            ("127.0.0.1:9", vec![("host", "localhost:7670"), ("origin", "http://localhost:7670")], true),
            ("192.0.2.1:9", vec![("host", "localhost")], false),
            ("127.0.0.1:9", vec![("host", "evil.example")], false),
            ("127.0.0.1:9", vec![("host", "localhost.evil.example")], false),
            ("127.0.0.1:9", vec![("host", "192.168.1.1")], false),
            ("127.0.0.1:9", vec![], false),
            ("127.0.0.1:9", vec![("host", "localhost:7670"), ("origin", "http://evil.example")], false),
            ("127.0.0.1:9", vec![("host", "localhost:7670"), ("origin", "http://localhost:3000")], false),
            ("127.0.0.1:9", vec![("host", "localhost:7670"), ("origin", "null")], false),
            ("127.0.0.1:9", vec![("host", "localhost:7670"), ("sec-fetch-site", "cross-site")], false),
        ] {
            assert_eq!(check(Local::Trusted, peer, &headers), trusted, "{peer} {headers:?}");
            assert!(!check(Local::NeedsToken, peer, &headers), "{peer} {headers:?}");
        }
    }
}
