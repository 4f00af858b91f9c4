//! The languages that have tables, by the number that the header names them with.

use std::fmt;

use super::{Table, european, indian};

/// A language with tables of its own (3GPP TS 23.038 §6.2.1.2.4, "National Language Identifier").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Language {
    /// Turkish.
    Turkish = 1,
    /// Spanish; it has no locking table.
    Spanish = 2,
    /// Portuguese.
    Portuguese = 3,
    /// Bengali, and Assamese.
    Bengali = 4,
    /// Gujarati.
    Gujarati = 5,
    /// Hindi.
    Hindi = 6,
    /// Kannada.
    Kannada = 7,
    /// Malayalam.
    Malayalam = 8,
    /// Oriya.
    Oriya = 9,
    /// Punjabi.
    Punjabi = 10,
    /// Tamil.
    Tamil = 11,
    /// Telugu.
    Telugu = 12,
    /// Urdu.
    Urdu = 13,
}

impl Language {
    /// Every language, by number.
    pub const ALL: [Self; 13] = [
        Self::Turkish,
        Self::Spanish,
        Self::Portuguese,
        Self::Bengali,
        Self::Gujarati,
        Self::Hindi,
        Self::Kannada,
        Self::Malayalam,
        Self::Oriya,
        Self::Punjabi,
        Self::Tamil,
        Self::Telugu,
        Self::Urdu,
    ];

    /// The number of the language, 1 to 13.
    #[must_use]
    pub const fn value(self) -> u8 {
        self as u8
    }

    /// The language of this number, or `None` for 0 (the default) and the reserved numbers.
    #[must_use]
    pub fn from_value(value: u8) -> Option<Self> {
        Self::ALL.get(usize::from(value.checked_sub(1)?)).copied()
    }

    /// Whether the language has a locking table: all but Spanish.
    #[must_use]
    pub const fn has_locking(self) -> bool {
        self.locking_table().is_some()
    }

    /// The name in English, lower-case, as configuration files write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Turkish => "turkish",
            Self::Spanish => "spanish",
            Self::Portuguese => "portuguese",
            Self::Bengali => "bengali",
            Self::Gujarati => "gujarati",
            Self::Hindi => "hindi",
            Self::Kannada => "kannada",
            Self::Malayalam => "malayalam",
            Self::Oriya => "oriya",
            Self::Punjabi => "punjabi",
            Self::Tamil => "tamil",
            Self::Telugu => "telugu",
            Self::Urdu => "urdu",
        }
    }

    /// The language of this [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.name() == name)
    }

    pub(super) const fn locking_table(self) -> Option<&'static Table> {
        Some(match self {
            Self::Turkish => &european::TURKISH_LOCKING,
            Self::Spanish => return None,
            Self::Portuguese => &european::PORTUGUESE_LOCKING,
            Self::Bengali => &indian::BENGALI_LOCKING,
            Self::Gujarati => &indian::GUJARATI_LOCKING,
            Self::Hindi => &indian::HINDI_LOCKING,
            Self::Kannada => &indian::KANNADA_LOCKING,
            Self::Malayalam => &indian::MALAYALAM_LOCKING,
            Self::Oriya => &indian::ORIYA_LOCKING,
            Self::Punjabi => &indian::PUNJABI_LOCKING,
            Self::Tamil => &indian::TAMIL_LOCKING,
            Self::Telugu => &indian::TELUGU_LOCKING,
            Self::Urdu => &indian::URDU_LOCKING,
        })
    }

    pub(super) const fn single_table(self) -> &'static Table {
        match self {
            Self::Turkish => &european::TURKISH_SINGLE,
            Self::Spanish => &european::SPANISH_SINGLE,
            Self::Portuguese => &european::PORTUGUESE_SINGLE,
            Self::Bengali => &indian::BENGALI_SINGLE,
            Self::Gujarati => &indian::GUJARATI_SINGLE,
            Self::Hindi => &indian::HINDI_SINGLE,
            Self::Kannada => &indian::KANNADA_SINGLE,
            Self::Malayalam => &indian::MALAYALAM_SINGLE,
            Self::Oriya => &indian::ORIYA_SINGLE,
            Self::Punjabi => &indian::PUNJABI_SINGLE,
            Self::Tamil => &indian::TAMIL_SINGLE,
            Self::Telugu => &indian::TELUGU_SINGLE,
            Self::Urdu => &indian::URDU_SINGLE,
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
