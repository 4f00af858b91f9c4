//! Sets of the values of a small enum, such as the ways in which an account may prove itself.

use std::fmt;
use std::marker::PhantomData;

/// An enum that a [`Choice`] is made of.
pub trait Member: Copy + Eq + 'static {
    /// Every value, at most 16, in the order in which sets are written.
    const ALL: &'static [Self];

    /// The value's name in rows, JSON and flags.
    fn name(self) -> &'static str;
}

/// Some of the values of an enum. The default is all of them, also those that a later version adds.
#[derive(Clone, Copy)]
pub struct Choice<T> {
    /// What is left out, by place in [`Member::ALL`].
    missing: u16,
    of: PhantomData<T>,
}

impl<T: Member> Choice<T> {
    /// These and no others.
    #[must_use]
    pub fn only(members: &[T]) -> Self {
        let missing = T::ALL.iter().enumerate().filter(|(_, member)| !members.contains(member));
        Self { missing: missing.fold(0, |bits, (place, _)| bits | 1 << place), of: PhantomData }
    }

    /// Whether `member` is in it.
    #[must_use]
    pub fn holds(self, member: T) -> bool {
        self.iter().any(|held| held == member)
    }

    /// Whether nothing is left out.
    #[must_use]
    pub const fn is_all(self) -> bool {
        self.missing == 0
    }

    /// What is in it, in order.
    pub fn iter(self) -> impl Iterator<Item = T> {
        T::ALL.iter().enumerate().filter(move |(place, _)| self.missing & (1 << place) == 0).map(|(_, member)| *member)
    }

    /// Reads names with commas between them; `all` is every value, `none` no value. `None` for any other name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "all" => return Some(Self::default()),
            "none" => return Some(Self::only(&[])),
            _ => {}
        }
        let named = |name: &str| T::ALL.iter().copied().find(|member| member.name() == name.trim());
        text.split(',').map(named).collect::<Option<Vec<T>>>().map(|members| Self::only(&members))
    }
}

impl<T> Default for Choice<T> {
    fn default() -> Self {
        Self { missing: 0, of: PhantomData }
    }
}

impl<T> PartialEq for Choice<T> {
    fn eq(&self, other: &Self) -> bool {
        self.missing == other.missing
    }
}

impl<T> Eq for Choice<T> {}

impl<T: Member> fmt::Display for Choice<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_all() {
            return f.write_str("all");
        }
        let names: Vec<_> = self.iter().map(Member::name).collect();
        f.write_str(if names.is_empty() { "none" } else { "" })?;
        f.write_str(&names.join(","))
    }
}

impl<T: Member> fmt::Debug for Choice<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
