//! What the tape is given of a customer's request: those from which messages came, their secrets masked.

use whimbrel_core::call::many::ManySent;
use whimbrel_core::{AccountId, MessageId, Outcome, Serial, Timestamp};
use whimbrel_dialects::http::{HttpRequest, HttpResponse};
use whimbrel_dialects::{Dialect, Hidden};
use whimbrel_engine::tape::{BODY_BYTES_MAX, News, Seen, SeenHttp, SeenRequest, Tape};

/// A request that was answered.
pub(super) struct Exchange<'a> {
    pub(super) dialect: &'static dyn Dialect,
    pub(super) request: &'a HttpRequest<'a>,
    pub(super) response: &'a HttpResponse,
    pub(super) account_id: Option<AccountId>,
    pub(super) begun_at: Timestamp,
    pub(super) now: Timestamp,
}

/// The messages that came of a request: by their ids, or by the numbers that their dialect has for them.
#[derive(Default)]
pub(super) struct Came {
    messages: Vec<MessageId>,
    serials: Vec<Serial>,
}

impl Came {
    /// Of what a request came to.
    pub(super) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Sent(accepted) => Self { messages: vec![accepted.message_id], serials: Vec::new() },
            Outcome::SentMany(sent) => {
                let ManySent { items, .. } = &**sent;
                let serials = items.iter().filter_map(|item| item.result.as_ref().ok()?.serial);
                Self { messages: Vec::new(), serials: serials.collect() }
            }
            _ => Self::default(),
        }
    }

    const fn is_nothing(&self) -> bool {
        self.messages.is_empty() && self.serials.is_empty()
    }
}

/// Keeps a request from which messages came, if the tape is on. Answers to such requests hold no secrets.
pub(super) fn keep(tape: &Tape, came: Came, exchange: &Exchange<'_>) {
    if !tape.is_on() || came.is_nothing() {
        return;
    }
    let Exchange { dialect, request, response, account_id, begun_at, now } = *exchange;
    let hidden = dialect.hidden();
    let Came { messages, serials } = came;
    let seen = SeenRequest {
        messages,
        serials,
        dialect: dialect.descriptor().id,
        request: asked(request, hidden),
        answer: answered(response, hidden),
        status: response.status,
        elapsed: now.since(begun_at),
    };
    let seen = Seen::Request(Box::new(seen));
    tape.keep(News { at: begun_at, account_id, message_id: None, delivery: None, seen });
}

fn asked(request: &HttpRequest<'_>, hidden: Hidden) -> SeenHttp {
    let target = match request.query {
        Some(query) => format!("{}?{}", request.path, hidden.form(query)),
        None => request.path.to_owned(),
    };
    SeenHttp {
        line: Some((request.method.into(), target.into())),
        headers: request
            .headers
            .iter()
            .map(|(name, value)| ((*name).into(), hidden.header(name, value).into()))
            .collect(),
        body: shown(request.body, hidden),
        body_bytes: request.body.len(),
    }
}

fn answered(response: &HttpResponse, hidden: Hidden) -> SeenHttp {
    let header = |(name, value): &(&'static str, std::borrow::Cow<'static, str>)| {
        ((*name).into(), hidden.header(name, value.as_bytes()).into())
    };
    // Some answers are XML or a number alone, which are no form; they are ours and hold no secret.
    let mut body = String::from_utf8_lossy(&response.body).into_owned();
    body.truncate(body.floor_char_boundary(BODY_BYTES_MAX));
    SeenHttp {
        line: None,
        headers: response.headers.iter().map(header).collect(),
        body: Some(body.into()),
        body_bytes: response.body.len(),
    }
}

/// Masked whole, and cut then.
fn shown(body: &[u8], hidden: Hidden) -> Option<Box<str>> {
    let mut shown = hidden.body(body)?;
    shown.truncate(shown.floor_char_boundary(BODY_BYTES_MAX));
    Some(shown.into())
}
