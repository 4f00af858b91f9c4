//! A message as a line of the inbox.

use whimbrel_core::{Content, Timestamp};
use whimbrel_dialects::registry;
use whimbrel_inbox::extract;
use whimbrel_store::MessageSummary;
use whimbrel_web::inbox::{Code, Row};
use whimbrel_web::links::encoded;
use whimbrel_web::shown::{self, Instant, State};
use whimbrel_web::{Links, text};

use super::{Texts, Visit};
use crate::api::{Api, messages};

/// Characters of a text that a line shows.
const CHARS_MAX: usize = 160;

/// What stands for a text that the visitor may not see.
pub(super) const HIDDEN: &str = "(texts are hidden from viewers)";

/// Draws lines for one page.
#[derive(Debug, Clone)]
pub(super) struct Lines {
    links: Links,
    /// Whether the simulator's phones can be looked at.
    has_phones: bool,
    texts: Texts,
}

impl Lines {
    /// Lines for a page of `links`.
    pub fn new(api: &Api, visit: &Visit<'_>, links: Links) -> Self {
        Self { links, has_phones: visit.has_phones(api), texts: visit.texts() }
    }

    /// The line of a message, on a page that is made at `now`.
    pub fn row(&self, message: &MessageSummary, now: Timestamp) -> Row {
        let (begin, is_cut) = match self.texts {
            Texts::Shown => begin(&message.content),
            Texts::Hidden => (HIDDEN.to_owned(), false),
        };
        let price = message.price.times(message.part_count.into()).unwrap_or(message.price);
        Row {
            id: messages::public_id(&message.dialect, message.id.0, message.serial).into(),
            order: format!("{:016x}", message.id.0).into(),
            links: self.links.clone(),
            at: Instant::new(message.accepted_at, now),
            to: shown::number(message.recipient.digits()).into(),
            from: shown::sender(&message.sender).into(),
            text: begin.into(),
            is_cut,
            code: self.code(message),
            phone: self.has_phones.then(|| format!("phones/{}", encoded(message.recipient.digits())).into()),
            state: State::of_message(&message.status),
            part_count: message.part_count,
            price: price.to_string().into(),
            dialect: title(&message.dialect).into(),
            webhook: message.webhook.as_deref().map(State::of_webhook),
        }
    }

    /// The one-time code of a text, unless only its recipient may see it.
    fn code(&self, message: &MessageSummary) -> Code {
        let Content::Text { text, .. } = &message.content else { return Code::None };
        if self.texts == Texts::Hidden {
            return Code::None;
        }
        if text.code_place().is_some() {
            return Code::Hidden;
        }
        code(text.expose())
    }
}

/// The name of a dialect in prose.
pub(super) fn title(dialect: &str) -> &str {
    registry::by_name(dialect).map_or(dialect, |dialect| dialect.descriptor().title)
}

fn begin(content: &Content) -> (String, bool) {
    match content {
        Content::Text { text, .. } => text::start(&text.masked(), CHARS_MAX),
        Content::Binary(binary) => {
            let octets = [binary.header.expose(), binary.body.expose()].concat();
            text::start(&format!("binary: {}", messages::hex(&octets)), CHARS_MAX)
        }
    }
}

/// The one-time code in a text.
pub(super) fn code(text: &str) -> Code {
    extract::otp(text).map_or(Code::None, |found| Code::Shown(found.code.into()))
}
