//! Where webhooks go and how they went: the list, and one attempt with request and answer side by side.

use askama::Template;

use crate::faults::{Faults, Whose};
use crate::frame::Frame;
use crate::links::encoded;
use crate::shown::{Instant, State};

/// Endpoints and attempts.
#[derive(Debug, Template)]
#[template(path = "webhooks/page.html")]
pub struct WebhooksPage {
    /// What stands around it.
    pub frame: Frame,
    /// Whether attempts are kept.
    pub is_tape_on: bool,
    /// Whether the viewer may have webhooks sent.
    pub may_send: bool,
    /// Where webhooks go.
    pub endpoints: Vec<Endpoint>,
    /// The last attempts, newest first.
    pub attempts: Vec<Line>,
    /// Which attempts are shown.
    pub filter: Filter,
    /// An account whose webhooks could be sent somewhere, for commands to copy.
    pub example: Box<str>,
    /// Faults on order, where webhooks can have any.
    pub faults: Option<Faults>,
}

/// Which attempts are shown.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of that account alone, as `dialect:key`; empty for all.
    pub account: Box<str>,
    /// Only those that were not taken.
    pub is_failed: bool,
}

/// A place where webhooks go.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The account, as `dialect:key`.
    pub account: Box<str>,
    /// `receipt`, `inbound` or `hook`.
    pub kind: Box<str>,
    /// Its address, secrets masked.
    pub url: Box<str>,
    /// How many of the attempts on the tape were taken, such as `5 of 6`; empty if there are none.
    pub taken: Box<str>,
    /// How the last one went.
    pub last: Option<(State, Instant)>,
    /// Notices that wait for it.
    pub pending: u64,
    /// When the next one is tried.
    pub next: Option<Instant>,
}

impl Endpoint {
    /// Whether a test request can be sent there.
    #[must_use]
    pub fn can_be_tested(&self) -> bool {
        matches!(&*self.kind, "receipt" | "inbound")
    }
}

/// An attempt as a line.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its id on the tape.
    pub id: u64,
    /// When it began.
    pub at: Instant,
    /// The account's key.
    pub account: Box<str>,
    /// The message's public id, if it told of one.
    pub message: Option<Box<str>>,
    /// Why it was sent: `due`, `resent`, `edited`, `triggered`.
    pub why: Box<str>,
    /// Which try.
    pub attempt: u64,
    /// How it went.
    pub state: State,
    /// How long it took.
    pub took: Box<str>,
    /// Method and address.
    pub target: Box<str>,
}

/// One attempt.
#[derive(Debug, Template)]
#[template(path = "webhooks/attempt.html")]
pub struct AttemptPage {
    /// What stands around it.
    pub frame: Frame,
    /// Whether the viewer may have it sent again.
    pub may_send: bool,
    /// The attempt.
    pub line: Line,
    /// In whose words.
    pub dialect: Box<str>,
    /// What was sent.
    pub request: Http,
    /// What came back.
    pub answer: Option<Http>,
    /// Why nothing did.
    pub error: Option<Box<str>>,
    /// Names and lengths of the steps.
    pub steps: Vec<(&'static str, Box<str>)>,
    /// When it is tried again.
    pub next: Option<Instant>,
    /// The command that verifies its signature, if its scheme has one.
    pub verify: Box<str>,
}

/// A request or an answer.
#[derive(Debug, Clone, Default)]
pub struct Http {
    /// Its first line.
    pub line: Box<str>,
    /// Names and values.
    pub headers: Vec<(Box<str>, Box<str>)>,
    /// The body, if it may be shown.
    pub body: Option<Box<str>>,
    /// How long it is.
    pub body_bytes: u64,
}

impl WebhooksPage {
    fn href(&self, line: &Line) -> String {
        self.frame.links.page(&format!("webhooks/attempts/{}", line.id))
    }

    fn message_href(&self, id: &str) -> String {
        self.frame.links.page(&format!("m/{}", encoded(id)))
    }
}

impl AttemptPage {
    fn message_href(&self, id: &str) -> String {
        self.frame.links.page(&format!("m/{}", encoded(id)))
    }
}

#[cfg(test)]
mod tests {
    use whimbrel_core::Timestamp;

    use super::*;
    use crate::links::Links;

    const HOSTILE: &str = "\"'><img src=x onerror=alert(1)><script>alert(1)</script>";

    fn line() -> Line {
        let at = Instant::new(Timestamp(1), Timestamp(1));
        Line {
            id: 7,
            at,
            account: HOSTILE.into(),
            message: Some(HOSTILE.into()),
            why: HOSTILE.into(),
            attempt: 1,
            state: State { word: HOSTILE.into(), icon: "✘", tone: "bad" },
            took: "1 ms".into(),
            target: HOSTILE.into(),
        }
    }

    fn check(html: &str) {
        assert!(!html.contains("<img src=x") && !html.contains("<script>alert"), "{html}");
        assert_eq!(html.matches("<h1").count(), 1);
    }

    #[test]
    fn nothing_is_shown_unescaped() {
        let frame = || Frame::new("Webhooks", Links::from_path("/_whimbrel/ui/webhooks"));
        let endpoint = Endpoint {
            account: HOSTILE.into(),
            kind: "receipt".into(),
            url: HOSTILE.into(),
            taken: HOSTILE.into(),
            last: None,
            pending: 1,
            next: None,
        };
        let page = WebhooksPage {
            frame: frame(),
            is_tape_on: true,
            may_send: true,
            endpoints: vec![endpoint],
            attempts: vec![line()],
            filter: Filter { account: HOSTILE.into(), is_failed: true },
            example: HOSTILE.into(),
            faults: Some(Faults::new(crate::faults::Reach::All, |_| HOSTILE.into())),
        };
        check(&page.render().expect("a page"));
        let empty = WebhooksPage { endpoints: Vec::new(), ..page };
        check(&empty.render().expect("a page"));
        let http = Http {
            line: HOSTILE.into(),
            headers: vec![(HOSTILE.into(), HOSTILE.into())],
            body: Some(HOSTILE.into()),
            body_bytes: 1,
        };
        let page = AttemptPage {
            frame: frame(),
            may_send: true,
            line: line(),
            dialect: HOSTILE.into(),
            request: http.clone(),
            answer: Some(http),
            error: Some(HOSTILE.into()),
            steps: vec![("total", HOSTILE.into())],
            next: None,
            verify: HOSTILE.into(),
        };
        check(&page.render().expect("a page"));
    }
}
