//! What went wrong inside a transaction, and whether it is one operation's fault or the end of the store.

use rusqlite::ErrorCode;
use whimbrel_core::PartId;

use crate::StoreError;

/// Why an operation or a transaction did not succeed.
#[derive(Debug)]
pub(super) enum Fault {
    /// One operation broke a constraint or met a row that makes no sense: it is left out, the others go on.
    Op(Box<str>),
    /// The same for an operation that met a part which cannot go on: the part is set aside.
    Part(PartId, Box<str>),
    /// There is no room on the disk: nothing of the transaction was done, and nothing is lost.
    Full(Box<str>),
    /// The database cannot be written or read: everything stops.
    Fatal(Box<str>),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error;
        let text = error.to_string().into();
        match error {
            Error::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig => Self::Op(text),
                ErrorCode::DiskFull => Self::Full(text),
                _ => Self::Fatal(text),
            },
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::Utf8Error(..)
            | Error::InvalidColumnType(..)
            | Error::ToSqlConversionFailure(..) => Self::Op(text),
            _ => Self::Fatal(text),
        }
    }
}

impl Fault {
    /// A row holds something that we never write.
    pub(super) fn corrupt(what: &str) -> Self {
        Self::Op(format!("{what} in the database makes no sense; restore a backup or report this").into())
    }

    /// The same fault as one of this part's, if it is one operation's.
    pub(super) fn of_part(self, part_id: PartId) -> Self {
        match self {
            Self::Op(why) => Self::Part(part_id, why),
            other => other,
        }
    }

    /// The same fault as one that nobody can go on after.
    pub(super) fn for_good(self) -> Self {
        Self::Fatal(self.into_text())
    }

    /// A sum left 64 bits.
    pub(super) fn overflow() -> Self {
        Self::Op("an amount is beyond 64 bits".into())
    }

    /// The text for the operator.
    pub(super) fn into_text(self) -> Box<str> {
        match self {
            Self::Op(text) | Self::Part(_, text) | Self::Full(text) | Self::Fatal(text) => text,
        }
    }

    /// The same, for a read.
    pub(super) fn into_read(self) -> StoreError {
        StoreError::Read { why: self.into_text() }
    }
}

/// For use inside closures that read rows: column `index` holds something that we never write.
pub(super) fn corrupt_column(index: usize) -> rusqlite::Error {
    let why = "a value that this version does not know; restore a backup or report this";
    rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Null, why.into())
}
