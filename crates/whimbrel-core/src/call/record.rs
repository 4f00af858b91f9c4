//! Records that a customer keeps with us and only the dialect understands: hooks, contacts, groups.

use crate::secret::Secret;

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RecordKind {
    /// Where webhooks go.
    Hook,
    /// Somebody to send to.
    Contact,
    /// Several contacts.
    Group,
}

/// A request about records of the account that calls.
#[derive(Clone, PartialEq, Eq)]
pub enum RecordCall {
    /// All of one kind, in the order in which they were made.
    List {
        /// Of which kind.
        kind: RecordKind,
        /// So many are passed over.
        skip: u64,
        /// At most so many.
        count_max: u32,
    },
    /// One.
    Show(RecordName),
    /// Make one; it gets its number from us.
    Make {
        /// Of which kind.
        kind: RecordKind,
        /// What it says.
        json: Box<str>,
        /// What of it nobody but its receiver should see, if there is any; it is kept sealed.
        secret: Option<Secret>,
    },
    /// It says this from now on, besides what it says already; in a form of the dialect's own.
    Patch(RecordName, Box<str>),
    /// Remove it.
    Remove(RecordName),
    /// Remove a group and the contacts that are in it, whatever else these are in.
    RemoveWithMembers(RecordName),
}

/// Records may hold URLs, names and numbers: only what is done to which kind is shown.
impl std::fmt::Debug for RecordCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::List { kind, skip, count_max } => write!(f, "List({kind:?}, {skip}, {count_max})"),
            Self::Show(name) => write!(f, "Show({name:?})"),
            Self::Make { kind, .. } => write!(f, "Make({kind:?})"),
            Self::Patch(name, _) => write!(f, "Patch({name:?})"),
            Self::Remove(name) => write!(f, "Remove({name:?})"),
            Self::RemoveWithMembers(name) => write!(f, "RemoveWithMembers({name:?})"),
        }
    }
}

/// Which record.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordName {
    /// Its kind.
    pub kind: RecordKind,
    /// Its number, as a decimal; one that cannot be is unknown.
    pub key: Box<str>,
}

/// What the caller wrote in the place of a number may be anything: it is not shown.
impl std::fmt::Debug for RecordName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.kind.fmt(f)
    }
}

/// What it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordOutcome {
    /// Those asked for.
    Page {
        /// In the order in which they were made.
        records: Vec<Record>,
        /// How many there are in all.
        total: u64,
        /// So many were passed over.
        skip: u64,
        /// At most so many were asked for.
        count_max: u32,
    },
    /// The one that was asked for, made or changed.
    One(Record),
    /// It is gone.
    Removed,
    /// The account has none of that number.
    Unknown,
    /// The account has as many as it may have.
    TooMany {
        /// So many.
        count_max: u32,
    },
    /// It says more than it may.
    TooLong {
        /// In so many octets of JSON at most.
        octets_max: u32,
    },
}

/// A record. `Debug` shows its number.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Its number, as a decimal.
    pub key: Box<str>,
    /// What it says.
    pub json: Box<str>,
    /// What of it is kept sealed.
    pub secret: Option<Secret>,
    /// When it was made.
    pub made_at: crate::time::Timestamp,
    /// Of a group: how many contacts are in it.
    pub members: Option<u32>,
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record").field("key", &self.key).finish_non_exhaustive()
    }
}
