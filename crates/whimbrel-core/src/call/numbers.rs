//! Numbers that accounts own, and the operator's pool of those for sale.

use crate::account::text_forms;
use crate::money::Money;
use crate::network::CountryCode;

/// What a number is to the telephone network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NumberKind {
    /// Of a mobile network.
    Mobile,
    /// Of fixed lines.
    Landline,
    /// Free for who calls it.
    TollFree,
}

text_forms! { NumberKind { Mobile = "mobile", Landline = "landline", TollFree = "toll-free" } }

/// What a number can do: any of texts, calls and pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Features(u8);

impl Features {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Texts.
    pub const SMS: Self = Self(1);
    /// Calls.
    pub const VOICE: Self = Self(2);
    /// Pictures.
    pub const MMS: Self = Self(4);

    /// Each with its name, in the order in which they are listed.
    const NAMES: [(Self, &'static str); 3] = [(Self::VOICE, "VOICE"), (Self::SMS, "SMS"), (Self::MMS, "MMS")];

    /// The bits, as rows hold them.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Of bits; `None` if one means nothing.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        if bits <= 7 { Some(Self(bits)) } else { None }
    }

    /// These and the others.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// The names of all that are there, in a fixed order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(feature, _)| self.0 & feature.0 != 0).map(|(_, name)| name)
    }

    /// Reads names with commas between them, in any case and order; `None` if one is unknown.
    #[must_use]
    pub fn parse(list: &str) -> Option<Self> {
        list.split(',').map(str::trim).filter(|name| !name.is_empty()).try_fold(Self::NONE, |all, name| {
            let (feature, _) = Self::NAMES.into_iter().find(|(_, known)| known.eq_ignore_ascii_case(name))?;
            Some(all.and(feature))
        })
    }
}

/// A request about numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NumbersCall {
    /// The account's own numbers.
    Owned(OwnedQuery),
    /// Numbers for sale.
    OnSale(SaleQuery),
    /// Buy one.
    Buy(NumberChoice),
    /// Give one back.
    Cancel(NumberChoice),
    /// Change what one does.
    Update(NumberChoice, Box<NumberSettings>),
}

/// One number, as the caller names it.
#[derive(Clone, PartialEq, Eq)]
pub struct NumberChoice {
    /// The country that the caller takes it to be of.
    pub country: CountryCode,
    /// Digits without a plus, or a short code.
    pub number: Box<str>,
    /// The key of the account that it is for, if it is not for the caller itself.
    pub target: Option<Box<str>>,
}

impl std::fmt::Debug for NumberChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NumberChoice")
            .field("country", &self.country)
            .field("number", &crate::phone::mask(&self.number))
            .finish_non_exhaustive()
    }
}

/// Which digits a number has where.
#[derive(Clone, PartialEq, Eq)]
pub struct NumberPattern {
    /// The digits; empty: any number.
    pub digits: Box<str>,
    /// Where they stand.
    pub place: PatternPlace,
}

/// What stands in the place of digits is whatever the caller wrote: it is not shown.
impl std::fmt::Debug for NumberPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NumberPattern").field("place", &self.place).finish_non_exhaustive()
    }
}

/// Where the digits of a pattern stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatternPlace {
    /// At the beginning, country code first.
    Start,
    /// Anywhere.
    Anywhere,
    /// At the end.
    End,
    /// They are all of it.
    Exactly,
}

/// A page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// From 1.
    pub index: u32,
    /// Entries on a page: 1 to 100.
    pub size: u32,
}

impl Page {
    /// Entries before it.
    #[must_use]
    pub const fn offset(self) -> u64 {
        (self.index.saturating_sub(1) as u64) * (self.size as u64)
    }
}

/// Which of its own numbers an account wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedQuery {
    /// Only of this country.
    pub country: Option<CountryCode>,
    /// Only with these digits.
    pub pattern: NumberPattern,
    /// Only with all of these.
    pub features: Features,
    /// Only by their application.
    pub application: ApplicationFilter,
    /// Which part of the list.
    pub page: Page,
}

/// By which application numbers are chosen.
#[derive(Clone, PartialEq, Eq)]
pub enum ApplicationFilter {
    /// Any or none.
    Any,
    /// Only linked ones.
    Linked,
    /// Only those without one.
    Unlinked,
    /// Only those of this application: a UUID in lower case.
    Exactly(Box<str>),
}

impl std::fmt::Debug for ApplicationFilter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Any => "Any",
            Self::Linked => "Linked",
            Self::Unlinked => "Unlinked",
            Self::Exactly(_) => "Exactly",
        })
    }
}

/// Which numbers for sale an account wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleQuery {
    /// The country; `None`: any.
    pub country: Option<CountryCode>,
    /// Only with these digits.
    pub pattern: NumberPattern,
    /// Only of this kind.
    pub kind: Option<NumberKind>,
    /// Only with all of these.
    pub features: Features,
    /// Which part of the list.
    pub page: Page,
}

/// What a number does; in a change, `None` leaves a field as it is and an empty text takes it away.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct NumberSettings {
    /// Where its texts go instead of the account's endpoint.
    pub inbound_url: Option<Box<str>>,
    /// The application that it belongs to: a UUID in lower case.
    pub application: Option<Box<str>>,
    /// The system type of the account's SMPP client; kept for it, without effect here.
    pub system_type: Option<Box<str>>,
    /// How calls are answered, kept for the account, without effect here: `sip`, `tel` or `app`, with the next field.
    pub voice_kind: Option<Box<str>>,
    /// Where calls go.
    pub voice_value: Option<Box<str>>,
    /// Where the ends of calls are told.
    pub voice_status_url: Option<Box<str>>,
}

/// URLs may hold secrets: they are not shown.
impl std::fmt::Debug for NumberSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NumberSettings").field("application", &self.application).finish_non_exhaustive()
    }
}

/// What it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NumbersOutcome {
    /// A page of the account's numbers, and how many the query has in all.
    Owned(Vec<OwnedEntry>, u64),
    /// A page of numbers for sale, and how many the query has in all.
    OnSale(Vec<SaleEntry>, u64),
    /// It was done.
    Done,
    /// It was refused; nothing was changed or charged.
    Refused(NumbersRefusal),
}

/// A number of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedEntry {
    /// Digits without a plus, or a short code.
    pub number: Box<str>,
    /// Its country, if it is known.
    pub country: Option<CountryCode>,
    /// What it is.
    pub kind: NumberKind,
    /// What it can do.
    pub features: Features,
    /// What it does; no text is empty.
    pub settings: NumberSettings,
}

/// A number for sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleEntry {
    /// Digits without a plus, or a short code.
    pub number: Box<str>,
    /// Its country.
    pub country: CountryCode,
    /// What it is.
    pub kind: NumberKind,
    /// What it can do.
    pub features: Features,
    /// What the operator names as its price for a month.
    pub monthly: Money,
    /// What the purchase costs, all of it.
    pub purchase: Money,
}

/// Why nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumbersRefusal {
    /// It is not for sale in that country and the account's currency, or somebody has it.
    NotForSale,
    /// It is not the account's, or not of that country.
    NotOwned,
    /// It costs more than is left.
    InsufficientFunds,
    /// It is for another account than the caller's.
    OtherAccount,
    /// The account has no such application.
    UnknownApplication,
    /// The new URL did not answer its test with 200.
    EndpointUnreachable,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_read_in_any_order_and_listed_in_one() {
        let listed = |list: &str| Features::parse(list).map(|features| features.names().collect::<Vec<_>>().join(","));
        assert_eq!(listed("SMS,MMS,VOICE").as_deref(), Some("VOICE,SMS,MMS"));
        assert_eq!(listed("sms, voice").as_deref(), Some("VOICE,SMS"));
        assert_eq!(listed("").as_deref(), Some(""));
        assert_eq!(listed("SMS,FAX"), None);
        for bits in 0..=7 {
            assert_eq!(Features::from_bits(bits).map(Features::bits), Some(bits));
        }
        assert_eq!(Features::from_bits(8), None);
    }

    #[test]
    fn a_page_never_overflows() {
        assert_eq!(Page { index: 1, size: 10 }.offset(), 0);
        assert_eq!(Page { index: 3, size: 10 }.offset(), 20);
        assert_eq!(Page { index: u32::MAX, size: 100 }.offset(), 429_496_729_400);
    }
}
