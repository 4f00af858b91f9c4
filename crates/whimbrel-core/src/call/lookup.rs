//! What is known of a number by the numbering plan and the operator's table of numbers that moved: nobody is asked, and nothing is
//! known of the subscriber. What receipts told is no part of it: that would say that somebody had texted the number.

use crate::network::CountryCode;
use crate::phone::PhoneNumber;

/// Numbers that one request may ask about.
pub const NUMBERS_MAX: usize = 100;

/// A question about numbers.
#[derive(Clone, PartialEq, Eq)]
pub struct LookupCall {
    /// What is asked.
    pub question: Question,
    /// Each number; what cannot be one as the request has it.
    pub numbers: Vec<Result<PhoneNumber, Box<str>>>,
}

/// What can be no number may be anything: only the numbers are shown, as they always are.
impl std::fmt::Debug for LookupCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let numbers: Vec<_> = self.numbers.iter().map(|number| number.as_ref().ok()).collect();
        f.debug_struct("LookupCall").field("question", &self.question).field("numbers", &numbers).finish()
    }
}

/// What is asked about numbers: a dialect answers each in a form of its own, from the same plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// How it is written.
    Format,
    /// Which network it belongs to.
    Network,
    /// Whether it can be reached.
    Reach,
    /// Whose it is.
    Name,
}

/// What is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupOutcome {
    /// What was asked.
    pub question: Question,
    /// Each number with what its range says, in the order of the request.
    pub numbers: Vec<LookedUp>,
}

/// A number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookedUp {
    /// The number; what cannot be one as the request has it.
    pub number: Result<PhoneNumber, Box<str>>,
    /// The range that it is in; `None`: it is in none that we know.
    pub range: Option<NumberRange>,
    /// The network to which it moved, in its country, if the operator's table has it.
    pub moved_to: Option<NumberRange>,
}

/// Whom a range of numbers was given to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberRange {
    /// Its country.
    pub country: CountryCode,
    /// The network's code.
    pub code: Box<str>,
    /// The network's name.
    pub name: Box<str>,
}
