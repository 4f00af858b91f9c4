//! The inbox: the newest messages, and on the first day how to send one.

use askama::Template;

use crate::frame::Frame;
use crate::links::{Links, encoded};
use crate::shown::{Instant, State};

/// A line of the inbox.
#[derive(Debug, Clone, Template)]
#[template(path = "inbox/row.html")]
pub struct Row {
    /// The message's public id.
    pub id: Box<str>,
    /// Its place in the list: 16 hexadecimal digits, higher for newer ones.
    pub order: Box<str>,
    /// Where links lead.
    pub links: Links,
    /// When it was accepted.
    pub at: Instant,
    /// To whom, in groups.
    pub to: Box<str>,
    /// From whom.
    pub from: Box<str>,
    /// The beginning of the text on one line; octets in hexadecimal if it is none.
    pub text: Box<str>,
    /// Whether there is more of it.
    pub is_cut: bool,
    /// The one-time code in it.
    pub code: Code,
    /// The path of the handset's page below `ui/`, if it is one of the simulator's.
    pub phone: Option<Box<str>>,
    /// What became of it.
    pub state: State,
    /// How many parts.
    pub part_count: u8,
    /// What all parts cost together.
    pub price: Box<str>,
    /// In whose words it was sent.
    pub dialect: Box<str>,
    /// How the last webhook about it went.
    pub webhook: Option<State>,
}

impl Row {
    fn href(&self) -> String {
        self.links.page(&format!("m/{}", encoded(&self.id)))
    }
}

/// The one-time code of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// None was found.
    None,
    /// This one.
    Shown(Box<str>),
    /// It is hidden from everybody but the handset.
    Hidden,
}

/// The inbox.
#[derive(Debug, Template)]
#[template(path = "inbox/page.html")]
pub struct InboxPage {
    /// What stands around it.
    pub frame: Frame,
    /// What was searched for, as it was written.
    pub query: Box<str>,
    /// What is wrong with that.
    pub wrong: Option<Wrong>,
    /// The lines, newest first.
    pub rows: Vec<Row>,
    /// Where older messages are.
    pub older: Option<Box<str>>,
    /// Where newer ones are.
    pub newer: Option<Box<str>>,
    /// How far back was looked, if that is not to the beginning.
    pub searched_back_to: Option<Instant>,
    /// Where new rows come from; `None` on pages that are not the first.
    pub live: Option<Box<str>>,
    /// How to begin, if there is no message at all.
    pub start: Option<QuickStart>,
}

impl InboxPage {
    /// A page without anything.
    #[must_use]
    pub fn empty(frame: Frame) -> Self {
        Self {
            frame,
            query: "".into(),
            wrong: None,
            rows: Vec::new(),
            older: None,
            newer: None,
            searched_back_to: None,
            live: None,
            start: None,
        }
    }
}

/// What is wrong with a search.
#[derive(Debug, Clone)]
pub struct Wrong {
    /// What stands before the wrong word.
    pub before: Box<str>,
    /// The wrong word.
    pub word: Box<str>,
    /// What stands behind it.
    pub behind: Box<str>,
    /// Why, and what to write instead.
    pub why: Box<str>,
}

/// How to send a first message.
#[derive(Debug, Clone)]
pub struct QuickStart {
    /// By which address this server was called, without a slash at its end.
    pub base: Box<str>,
    /// A command line for each dialect, ready to be pasted; none where the server has no accounts of its own.
    pub commands: Vec<Command>,
}

/// A command line.
#[derive(Debug, Clone)]
pub struct Command {
    /// The dialect's id.
    pub id: &'static str,
    /// The dialect's name.
    pub title: &'static str,
    /// The line.
    pub line: Box<str>,
}

#[cfg(test)]
mod tests {
    use whimbrel_core::{Span, Timestamp};

    use super::*;

    const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}\u{202E}";

    fn row(text: &str) -> Row {
        let at = Timestamp::of_day(2026, 11, 29).expect("a day") + Span::seconds(5);
        Row {
            id: text.into(),
            order: text.into(),
            links: Links::from_path("/_whimbrel/ui"),
            at: Instant::new(at, at),
            to: text.into(),
            from: text.into(),
            text: text.into(),
            is_cut: true,
            code: Code::Shown(text.into()),
            phone: Some("phones/1".into()),
            state: State::of_message(text),
            part_count: 2,
            price: text.into(),
            dialect: text.into(),
            webhook: Some(State::of_webhook(text)),
        }
    }

    fn page(rows: Vec<Row>, query: &str, start: Option<QuickStart>) -> String {
        let frame = Frame::new("Inbox", Links::from_path("/_whimbrel/ui"));
        let wrong = Wrong { before: query.into(), word: query.into(), behind: query.into(), why: query.into() };
        let wrong = (!query.is_empty()).then_some(wrong);
        let page = InboxPage {
            frame,
            query: query.into(),
            wrong,
            rows,
            older: None,
            newer: None,
            searched_back_to: None,
            live: None,
            start,
        };
        page.render().expect("a page")
    }

    #[test]
    fn hostile_texts_are_only_texts() {
        let html = page(vec![row(HOSTILE)], HOSTILE, None);
        assert!(
            !html.contains("<script>alert") && !html.contains("<img src=x") && !html.contains(" onerror=alert(2)>")
        );
        assert!(html.contains("&#60;script&#62;") || html.contains("&lt;script&gt;"));
    }

    #[test]
    fn nothing_found_and_nothing_yet_are_two_things() {
        let start = QuickStart {
            base: "http://127.0.0.1:7670".into(),
            commands: vec![Command { id: "x", title: "X", line: "curl 'x'".into() }],
        };
        let first = page(Vec::new(), "", Some(start));
        assert!(first.contains("No messages yet") && first.contains("Send a sample message"));
        let frame = Frame::new("Inbox", Links::from_path("/_whimbrel/ui"));
        let nothing = InboxPage { query: "to:44".into(), ..InboxPage::empty(frame) };
        assert!(nothing.render().expect("a page").contains("No message is like that"));
    }
}
