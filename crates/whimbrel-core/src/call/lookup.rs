//! What is known of a number by the numbering plan, the operator's table of numbers that moved, and receipts: nobody is asked, and
//! nothing is known of the subscriber.

use crate::network::CountryCode;
use crate::phone::PhoneNumber;

/// Numbers that one request may ask about.
pub const NUMBERS_MAX: usize = 100;

/// A question about numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupCall {
    /// What is asked.
    pub question: Question,
    /// Each number; what cannot be one as the request has it.
    pub numbers: Vec<Result<PhoneNumber, Box<str>>>,
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
    /// Where it moved to, if that is known.
    pub moved: Option<Moved>,
}

/// The network to which a number moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The network, in the number's country.
    pub to: NumberRange,
    /// Who says so.
    pub said_by: SaidBy,
}

/// Who says that a number moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaidBy {
    /// The operator's table of numbers that moved.
    Register,
    /// The receipt of an earlier text.
    Receipt,
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
