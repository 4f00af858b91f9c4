//! One message: what it says and costs, how it lies in its parts, and everything that happened to it.

use askama::Template;

use crate::frame::Frame;
use crate::ruler::{Kind, Ruler};
use crate::shown::{Instant, State};
use crate::wire::Wire;

/// The page of a message.
#[derive(Debug, Template)]
#[template(path = "message/page.html")]
pub struct MessagePage {
    /// What stands around it.
    pub frame: Frame,
    /// The message's public id.
    pub id: Box<str>,
    /// To whom, in groups.
    pub to: Box<str>,
    /// From whom.
    pub from: Box<str>,
    /// What became of it.
    pub state: State,
    /// From its acceptance to its end.
    pub took: Option<Box<str>>,
    /// What it says.
    pub body: Body,
    /// The one-time code in it.
    pub code: Option<Box<str>>,
    /// The path of the handset's page, if it is one of the simulator's.
    pub phone: Option<Box<str>>,
    /// Names and values.
    pub facts: Vec<(&'static str, Box<str>)>,
    /// Everything that happened, in order.
    pub story: Vec<Step>,
    /// Its parts.
    pub parts: Vec<PartLine>,
    /// What is said where nothing of the wires is kept.
    pub no_wire: Option<&'static str>,
}

/// What a message says.
#[derive(Debug)]
pub enum Body {
    /// A text, in its parts.
    Text(Ruler),
    /// Octets in hexadecimal.
    Binary(Box<str>),
    /// The visitor may not see it.
    Hidden,
}

/// One thing that happened.
#[derive(Debug, Clone)]
pub struct Step {
    /// When.
    pub at: Instant,
    /// After the first one.
    pub offset: Box<str>,
    /// The part that it is about; `None`: the message.
    pub part: Option<u8>,
    /// What, in the words of the API.
    pub what: Box<str>,
    /// More, in words.
    pub detail: Box<str>,
    /// Its colour: a class of the stylesheet.
    pub tone: &'static str,
    /// What went over a wire then.
    pub wire: Option<Wire>,
}

/// A part.
#[derive(Debug, Clone)]
pub struct PartLine {
    /// Its place, from 1.
    pub number: u8,
    /// Its public id.
    pub id: Box<str>,
    /// What became of it.
    pub state: State,
    /// Why it ended so; empty if there is nothing to say.
    pub cause: Box<str>,
    /// Where its price is.
    pub funds: &'static str,
    /// Attempts so far.
    pub attempts: u16,
    /// The carrier's id for it; empty before its answer.
    pub carrier_message_id: Box<str>,
}

impl MessagePage {
    /// `more` as long as something may still happen.
    fn going_on(&self) -> &'static str {
        if self.state.is_open() { "more" } else { "ended" }
    }
}

/// The colour of a step by its word and detail.
#[must_use]
pub fn tone(what: &str, detail: &str) -> &'static str {
    match what {
        "ended" | "webhook" if detail.starts_with("delivered") => "good",
        "ended" | "refused" | "webhook" => "bad",
        "doubt" | "uncertain" | "evidence" | "given-back" | "overtaken" | "late-answer" | "late-receipt"
        | "rerouted" => "warn",
        "sent" => "good",
        _ => "calm",
    }
}

#[cfg(test)]
mod tests {
    use whimbrel_core::{Span, Timestamp};
    use whimbrel_sms::{EncodingChoice, RefWidth, explain};

    use super::*;
    use crate::links::Links;

    const HOSTILE: &str = "</pre><script>alert(1)</script>\u{202E}\"'>\0<img src=x onerror=alert(2)>";

    #[test]
    fn hostile_words_are_only_words_wherever_they_stand() {
        let at = Timestamp::of_day(2026, 11, 29).expect("a day") + Span::seconds(5);
        let text = HOSTILE.repeat(20);
        let step = Step {
            at: Instant::new(at, at),
            offset: HOSTILE.into(),
            part: Some(1),
            what: HOSTILE.into(),
            detail: HOSTILE.into(),
            tone: "calm",
            wire: Some(crate::wire::tests::hostile(HOSTILE)),
        };
        let page = MessagePage {
            frame: Frame::new("Message", Links::from_path("/_whimbrel/ui/m/1")),
            id: HOSTILE.into(),
            to: HOSTILE.into(),
            from: HOSTILE.into(),
            state: State::of_message(HOSTILE),
            took: Some(HOSTILE.into()),
            body: Body::Text(Ruler::new(&text, &explain(&text, EncodingChoice::Detect, RefWidth::Bits8))),
            code: Some(HOSTILE.into()),
            phone: Some("phones/447700900123".into()),
            facts: vec![("client ref", HOSTILE.into())],
            story: vec![step],
            parts: vec![PartLine {
                number: 1,
                id: HOSTILE.into(),
                state: State::of_message("delivered"),
                cause: HOSTILE.into(),
                funds: "captured",
                attempts: 1,
                carrier_message_id: HOSTILE.into(),
            }],
            no_wire: None,
        };
        let html = page.render().expect("a page");
        assert!(!html.contains("<script>alert") && !html.contains("<img src=x"), "{html}");
        // What turns the direction of text is named where it is text, never sent as it is.
        assert!(html.contains("⟨RLO⟩") && html.contains("⟨U+0000⟩"));
    }
}
