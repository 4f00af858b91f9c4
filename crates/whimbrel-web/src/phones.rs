//! The phones of the simulator: conversations, and what becomes of texts to each of them.

use askama::Template;

use crate::frame::Frame;
use crate::inbox::QuickStart;
use crate::shown::{Instant, State};
use crate::text::Piece;

/// The phones, and one of them.
#[derive(Debug, Template)]
#[template(path = "phones/page.html")]
pub struct PhonesPage {
    /// What stands around it.
    pub frame: Frame,
    /// What there is to see.
    pub view: View,
}

/// What there is to see.
#[derive(Debug)]
pub enum View {
    /// This server runs no simulator.
    NoSimulator,
    /// The phones that were spoken to last.
    Phones {
        /// The latest first.
        phones: Vec<PhoneLine>,
        /// The one that is looked at.
        talk: Option<Box<Talk>>,
        /// How to send a first text, while there is none.
        start: Option<QuickStart>,
    },
}

/// A line of the list of phones.
#[derive(Debug, Clone)]
pub struct PhoneLine {
    /// Its number, in groups.
    pub number: Box<str>,
    /// The path of its page, below `ui/`.
    pub path: Box<str>,
    /// The beginning of its last text.
    pub last: Box<str>,
    /// When that was.
    pub at: Option<Instant>,
    /// `page` if it is the one that is looked at, for `aria-current`.
    pub current: Option<&'static str>,
}

/// A conversation.
#[derive(Debug)]
pub struct Talk {
    /// The phone's number, in groups.
    pub number: Box<str>,
    /// Its digits.
    pub digits: Box<str>,
    /// The path of its page, below `ui/`.
    pub path: Box<str>,
    /// What was said, the oldest first.
    pub bubbles: Vec<Bubble>,
    /// What a text to it can come to.
    pub outcomes: Vec<OutcomeChoice>,
    /// Who holds it, if it is leased.
    pub lease: Option<Lease>,
    /// To which number it answers.
    pub answer_to: Box<str>,
    /// Numbers of accounts that it can write to.
    pub numbers: Vec<OwnNumber>,
    /// What was typed and could not be sent.
    pub draft: Box<str>,
}

/// A lease of a phone.
#[derive(Debug, Clone)]
pub struct Lease {
    /// Until when.
    pub until: Instant,
    /// What whoever holds it wrote; may be empty.
    pub note: Box<str>,
}

/// A number of an account.
#[derive(Debug, Clone)]
pub struct OwnNumber {
    /// Its digits.
    pub digits: Box<str>,
    /// In groups, and whose it is.
    pub shown: Box<str>,
}

/// One text of a conversation.
#[derive(Debug)]
pub struct Bubble {
    /// Which way it went.
    pub side: Side,
    /// The other end.
    pub with: Box<str>,
    /// What it says.
    pub pieces: Vec<Piece>,
    /// The one-time code in it.
    pub code: Option<Box<str>>,
    /// How many parts.
    pub part_count: u8,
    /// When.
    pub at: Instant,
    /// How the webhook about it went, or why there is none.
    pub webhook: Option<Webhook>,
}

/// Which way a text went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// To the phone.
    ToPhone,
    /// From the phone.
    FromPhone,
}

impl Side {
    /// The class of the stylesheet.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::ToPhone => "to-phone",
            Self::FromPhone => "from-phone",
        }
    }
}

/// How the webhook about a reply went.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// In an icon and a few words.
    pub state: State,
    /// More in words; may be empty.
    pub detail: Box<str>,
}

/// What a text to a phone can come to.
#[derive(Debug, Clone)]
pub struct OutcomeChoice {
    /// Its word in the API.
    pub word: Box<str>,
    /// What it means.
    pub title: &'static str,
    /// Whether it is set.
    pub selected: bool,
}

#[cfg(test)]
mod tests {
    use whimbrel_core::Timestamp;

    use super::*;
    use crate::inbox::Command;
    use crate::links::Links;
    use crate::text::pieces;

    const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u{202E}";

    fn page(view: View) -> String {
        let frame = Frame::new("Phones", Links::from_path("/_whimbrel/ui/phones"));
        PhonesPage { frame, view }.render().expect("a page")
    }

    #[test]
    fn hostile_texts_are_only_texts() {
        let at = Instant::new(Timestamp(0), Timestamp(0));
        let bubble = Bubble {
            side: Side::ToPhone,
            with: HOSTILE.into(),
            pieces: pieces(HOSTILE),
            code: Some(HOSTILE.into()),
            part_count: 1,
            at: at.clone(),
            webhook: Some(Webhook { state: State::of_webhook(HOSTILE), detail: HOSTILE.into() }),
        };
        let line = PhoneLine {
            number: HOSTILE.into(),
            path: "phones/1".into(),
            last: HOSTILE.into(),
            at: Some(at),
            current: Some("page"),
        };
        let talk = Talk {
            number: HOSTILE.into(),
            digits: HOSTILE.into(),
            path: "phones/1".into(),
            bubbles: vec![bubble],
            outcomes: vec![OutcomeChoice { word: HOSTILE.into(), title: "", selected: true }],
            lease: Some(Lease { until: Instant::new(Timestamp(0), Timestamp(0)), note: HOSTILE.into() }),
            answer_to: HOSTILE.into(),
            numbers: vec![OwnNumber { digits: HOSTILE.into(), shown: HOSTILE.into() }],
            draft: HOSTILE.into(),
        };
        let html = page(View::Phones { phones: vec![line], talk: Some(Box::new(talk)), start: None });
        assert!(!html.contains("<script>alert") && !html.contains("<img src=x"), "{html}");
        assert!(html.contains("⟨RLO⟩"));
    }

    #[test]
    fn nothing_to_see_says_what_to_do() {
        assert!(page(View::NoSimulator).contains("--simulator"));
        let command = Command { id: "cli", title: HOSTILE, line: HOSTILE.into() };
        for commands in [vec![command], Vec::new()] {
            let start = Some(QuickStart { base: HOSTILE.into(), commands: commands.clone() });
            let html = page(View::Phones { phones: Vec::new(), talk: None, start });
            assert!(html.contains("No phone has a text yet") && !html.contains("<script>alert"), "{html}");
            assert_eq!(html.contains("data-copy-from=\"command-cli\""), !commands.is_empty());
        }
    }
}
