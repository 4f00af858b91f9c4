//! One message as somebody sees it who has a link to it and nothing else; and the link itself.
//!
//! There is no place for a text, a code, an account or a whole number in these values.

use askama::Template;

use crate::frame::Frame;
use crate::shown::{Instant, State};

/// The link, for whoever asked for it.
#[derive(Debug, Template)]
#[template(path = "share/made.html")]
pub struct ShareMadePage {
    /// What stands around it.
    pub frame: Frame,
    /// Where the link leads, relative to this page.
    pub link: Box<str>,
    /// The message's own page.
    pub back: Box<str>,
    /// When it ends.
    pub until: Instant,
}

/// What the link shows; it leads to no other page.
#[derive(Debug, Template)]
#[template(path = "share/shared.html")]
pub struct SharedPage {
    /// The title and the colours; nothing else of it is shown.
    pub frame: Frame,
    /// The message; `None`: there is nothing that this link shows.
    pub message: Option<Shared>,
}

/// A message without what it says and whose it is.
#[derive(Debug)]
pub struct Shared {
    /// What became of it.
    pub state: State,
    /// The recipient, masked.
    pub to: Box<str>,
    /// Names and values.
    pub facts: Vec<(&'static str, Box<str>)>,
    /// Its parts.
    pub parts: Vec<SharedPart>,
    /// What happened, in order.
    pub story: Vec<SharedStep>,
    /// When the link ends.
    pub until: Instant,
}

/// A part.
#[derive(Debug)]
pub struct SharedPart {
    /// Its place, from 1.
    pub number: u8,
    /// What became of it.
    pub state: State,
    /// Why it ended so; empty if there is nothing to say.
    pub cause: &'static str,
    /// Attempts so far.
    pub attempts: u16,
}

/// One thing that happened.
#[derive(Debug)]
pub struct SharedStep {
    /// When.
    pub at: Instant,
    /// After the first one.
    pub offset: Box<str>,
    /// The part that it is about; `None`: the message.
    pub part: Option<u8>,
    /// What, in the words of the API.
    pub what: Box<str>,
    /// How it went, in a word.
    pub detail: Box<str>,
    /// Its colour: a class of the stylesheet.
    pub tone: &'static str,
}
