//! Whom an account may send to, and as whom: lists and the rules over them; and what its key may be used for. Pure.
//!
//! A list holds numbers and prefixes of numbers. It is asked for every message, so a look-up costs as much as the number has
//! digits, however long the list is.

mod key;

use std::collections::HashSet;
use std::fmt;

use crate::account::{Account, Recipients, Senders, text_forms};
use crate::call::Refusal;
use crate::phone::{PhoneNumber, SenderId};

pub use key::{KeyPolicy, KeyUse, SOURCE_NETWORKS_MAX, Signable, SignatureRule, SourceNetwork, SourceNetworkError};

/// A list of numbers or senders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ListKind {
    /// Numbers that nobody, or not this account, may send to.
    Barred,
    /// Numbers that were given up.
    Deactivated,
    /// Numbers that an account with [`Recipients::Permitted`] may send to.
    Permitted,
    /// Senders that an account with [`Senders::Listed`] may use.
    Senders,
}

text_forms! {
    ListKind { Barred = "barred", Deactivated = "deactivated", Permitted = "permitted", Senders = "senders" }
}

/// Why a line does not belong into a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListEntryError(String);

impl fmt::Display for ListEntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ListEntryError {}

/// The lists of one account, or those that hold for everybody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lists {
    barred: NumberSet,
    deactivated: NumberSet,
    permitted: NumberSet,
    senders: HashSet<SenderRule>,
}

/// A sender that may be used for recipients with a prefix.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct SenderRule {
    /// Empty for all.
    prefix: Box<str>,
    /// In lower case: handsets show names as they are, networks compare them without case.
    sender: Box<str>,
}

impl SenderRule {
    fn of(entry: &str) -> Self {
        let (prefix, sender) = entry.split_once("*:").unwrap_or(("", entry));
        Self { prefix: prefix.into(), sender: sender.to_lowercase().into() }
    }
}

/// Numbers, and prefixes that stand for all numbers that begin with them.
#[derive(Clone, PartialEq, Eq, Default)]
struct NumberSet {
    numbers: HashSet<Box<str>>,
    prefixes: HashSet<Box<str>>,
    prefix_digits_max: usize,
}

impl fmt::Debug for NumberSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} numbers, {} prefixes]", self.numbers.len(), self.prefixes.len())
    }
}

impl NumberSet {
    fn insert(&mut self, entry: &str) {
        match entry.strip_suffix('*') {
            Some(prefix) => {
                self.prefix_digits_max = self.prefix_digits_max.max(prefix.len());
                self.prefixes.insert(prefix.into());
            }
            None => _ = self.numbers.insert(entry.into()),
        }
    }

    fn remove(&mut self, entry: &str) {
        match entry.strip_suffix('*') {
            Some(prefix) => {
                self.prefixes.remove(prefix);
                self.prefix_digits_max = self.prefixes.iter().map(|prefix| prefix.len()).max().unwrap_or(0);
            }
            None => _ = self.numbers.remove(entry),
        }
    }

    fn holds(&self, number: &PhoneNumber) -> bool {
        let digits = number.digits();
        let longest = self.prefix_digits_max.min(digits.len());
        self.numbers.contains(digits)
            || !self.prefixes.is_empty() && (0..=longest).any(|length| self.prefixes.contains(&digits[..length]))
    }
}

impl Lists {
    /// Brings a line into the form in which it is kept: `447700900123` and `4477*` for numbers, `Acme` or `44*:Acme` for
    /// senders. Lines that mean the same have the same form.
    ///
    /// # Errors
    /// [`ListEntryError`] if the line is neither a number of 7 to 15 digits nor a prefix with a star; for senders, if the sender is
    /// empty or longer than 20 characters.
    pub fn entry(kind: ListKind, line: &str) -> Result<Box<str>, ListEntryError> {
        let line = line.trim();
        if kind != ListKind::Senders {
            return number_entry(line);
        }
        let (prefix, sender) = match line.split_once("*:") {
            Some((prefix, sender)) => (prefix.trim(), sender.trim()),
            None => ("", line),
        };
        let prefix = prefix.strip_prefix('+').unwrap_or(prefix);
        let wrong =
            || ListEntryError(format!("`{line}` is no sender such as `Acme`, nor one for a prefix such as `44*:Acme`"));
        if prefix.len() > 15 || !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let sender = SenderId::parse(sender).ok_or_else(wrong)?;
        if sender.as_str().chars().count() > 20 {
            return Err(wrong());
        }
        let name = sender.as_str();
        Ok(if prefix.is_empty() { name.into() } else { format!("{prefix}*:{name}").into() })
    }

    /// Adds a line in the form of [`entry`](Self::entry).
    pub fn insert(&mut self, kind: ListKind, entry: &str) {
        match kind {
            ListKind::Barred => self.barred.insert(entry),
            ListKind::Deactivated => self.deactivated.insert(entry),
            ListKind::Permitted => self.permitted.insert(entry),
            ListKind::Senders => _ = self.senders.insert(SenderRule::of(entry)),
        }
    }

    /// Takes a line out. Of senders, every line that means the same must go before: they are kept without case.
    pub fn remove(&mut self, kind: ListKind, entry: &str) {
        match kind {
            ListKind::Barred => self.barred.remove(entry),
            ListKind::Deactivated => self.deactivated.remove(entry),
            ListKind::Permitted => self.permitted.remove(entry),
            ListKind::Senders => _ = self.senders.remove(&SenderRule::of(entry)),
        }
    }

    fn has_sender(&self, sender: &SenderId, recipient: &PhoneNumber) -> bool {
        if self.senders.is_empty() {
            return false;
        }
        let digits = recipient.digits();
        let mut rule = SenderRule { prefix: Box::default(), sender: sender.as_str().to_lowercase().into() };
        (0..=digits.len()).any(|length| {
            rule.prefix = digits[..length].into();
            self.senders.contains(&rule)
        })
    }
}

fn number_entry(line: &str) -> Result<Box<str>, ListEntryError> {
    if let Some(prefix) = line.strip_suffix('*') {
        let digits = prefix.strip_prefix('+').unwrap_or(prefix);
        return match digits.len() <= 15 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            true => Ok(format!("{digits}*").into()),
            false => Err(ListEntryError("a prefix is up to 15 digits and a star, such as `4477*`".to_owned())),
        };
    }
    match PhoneNumber::parse(line) {
        Ok(number) => Ok(number.digits().into()),
        Err(_) => Err(ListEntryError(
            "an entry is a number of 7 to 15 digits with its country code, or a prefix with a star such as `4477*`"
                .to_owned(),
        )),
    }
}

/// Says whether the account may send to the recipient.
///
/// # Errors
/// [`Refusal::RecipientNotPermitted`], [`Refusal::RecipientBarred`] or [`Refusal::RecipientDeactivated`], in this order.
pub fn judge_recipient(account: &Account, everybody: &Lists, recipient: &PhoneNumber) -> Result<(), Refusal> {
    if account.rules.recipients == Recipients::Permitted && !account.lists.permitted.holds(recipient) {
        return Err(Refusal::RecipientNotPermitted { recipient: recipient.clone() });
    }
    let either =
        |set: fn(&Lists) -> &NumberSet| set(everybody).holds(recipient) || set(&account.lists).holds(recipient);
    if either(|lists| &lists.barred) {
        return Err(Refusal::RecipientBarred { recipient: recipient.clone() });
    }
    if either(|lists| &lists.deactivated) {
        return Err(Refusal::RecipientDeactivated { recipient: recipient.clone() });
    }
    Ok(())
}

/// Says whether the account may send as `sender`. `owned`: the sender is a number that the account owns.
///
/// # Errors
/// [`Refusal::SenderNotAllowed`].
pub fn judge_sender(
    account: &Account,
    everybody: &Lists,
    sender: &SenderId,
    owned: Owned,
    recipient: &PhoneNumber,
) -> Result<(), Refusal> {
    let listed = || account.lists.has_sender(sender, recipient) || everybody.has_sender(sender, recipient);
    match account.rules.senders {
        Senders::Listed if owned == Owned::No && !listed() => {
            Err(Refusal::SenderNotAllowed { recipient: recipient.clone() })
        }
        Senders::Any | Senders::Listed => Ok(()),
    }
}

/// Whether a number belongs to the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owned {
    /// It does.
    Yes,
    /// It does not.
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(digits: &str) -> PhoneNumber {
        PhoneNumber::from_digits(digits).expect("digits")
    }

    fn lists(entries: &[(ListKind, &str)]) -> Lists {
        let mut lists = Lists::default();
        for (kind, line) in entries {
            lists.insert(*kind, &Lists::entry(*kind, line).expect("a good line"));
        }
        lists
    }

    #[test]
    fn numbers_and_prefixes_are_found() {
        let lists = lists(&[(ListKind::Barred, "+44 7700 900123"), (ListKind::Barred, "+4930*")]);
        for (digits, found) in
            [("447700900123", true), ("447700900124", false), ("4930123456", true), ("4931123456", false)]
        {
            assert_eq!(lists.barred.holds(&number(digits)), found, "{digits}");
        }
        let mut all = Lists::default();
        all.insert(ListKind::Permitted, "*");
        assert!(all.permitted.holds(&number("447700900123")));
    }

    #[test]
    fn what_was_put_in_and_taken_out_leaves_nothing() {
        let lines = [
            (ListKind::Barred, "447700900123"),
            (ListKind::Deactivated, "4930*"),
            (ListKind::Permitted, "*"),
            (ListKind::Senders, "44*:Bank"),
        ];
        let mut changed = lists(&lines);
        let other = [(ListKind::Barred, "1*"), (ListKind::Senders, "Acme")];
        other.iter().for_each(|(kind, entry)| changed.insert(*kind, entry));
        lines.iter().for_each(|(kind, entry)| changed.remove(*kind, entry));
        assert_eq!(changed, lists(&other));
        assert!(changed.barred.holds(&number("15551234567")) && !changed.deactivated.holds(&number("4930123456")));
    }

    #[test]
    fn senders_are_compared_without_case_and_by_prefix() {
        let lists = lists(&[
            (ListKind::Senders, "Acme"),
            (ListKind::Senders, "+44*: Bank"),
            (ListKind::Senders, "+44 7700 900000"),
        ]);
        let allowed = |sender, digits| lists.has_sender(&SenderId::parse(sender).expect("a sender"), &number(digits));
        assert!(
            allowed("ACME", "4930123456") && allowed("bank", "447700900123") && allowed("447700900000", "15551234567")
        );
        assert!(!allowed("Bank", "4930123456") && !allowed("Acm", "447700900123"));
    }

    #[test]
    fn what_is_no_entry_is_refused() {
        for line in ["", "abc", "12", "1234567890123456", "44x*", "**"] {
            assert!(Lists::entry(ListKind::Barred, line).is_err(), "{line}");
        }
        for line in ["", "4x*:Acme", "44*:", "a sender that is far too long"] {
            assert!(Lists::entry(ListKind::Senders, line).is_err(), "{line}");
        }
    }
}
