//! From which bucket a part's price comes, and where it goes back to.
//!
//! Almost every part is paid from one bucket, which stands in its own row. One that needs several, because a bucket ran out, has a
//! row in `split` besides: it is read again only if the price is given back. The ledger has the bucket too, so that each bucket adds
//! up by itself.

use rusqlite::params;
use whimbrel_core::{AccountId, Bucket, PartId};

use super::codes::Code;
use super::fault::Fault;
use super::writer::Work;

const INSERT_SPLIT: &str = "insert into split (part_id, account_id, free_credit, bonus_credit) values (?1, ?2, ?3, ?4)";
// By the primary key.
const FIND_SPLIT: &str = "select free_credit, bonus_credit from split where part_id = ?1";
const DELETE_SPLIT: &str = "delete from split where part_id = ?1";

/// How much of a price comes from credit; the rest is from the balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Shares {
    pub(super) free_credit: i64,
    pub(super) bonus_credit: i64,
}

/// Where a part's price comes from, as its row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PaidFrom {
    /// All of it from one.
    One(Bucket),
    /// As its row in `split` says.
    Several,
}

impl Shares {
    /// What a price takes from what there is, in the order of spending.
    pub(super) fn of(price: i64, credit: Self) -> Self {
        let free_credit = price.min(credit.free_credit);
        Self { free_credit, bonus_credit: (price - free_credit).min(credit.bonus_credit) }
    }

    /// All of a price from one bucket.
    pub(super) const fn all_of(price: i64, bucket: Bucket) -> Self {
        match bucket {
            Bucket::Balance => Self { free_credit: 0, bonus_credit: 0 },
            Bucket::BonusCredit => Self { free_credit: 0, bonus_credit: price },
            Bucket::FreeCredit => Self { free_credit: price, bonus_credit: 0 },
        }
    }

    fn paid_from(self, price: i64) -> PaidFrom {
        [Bucket::Balance, Bucket::BonusCredit, Bucket::FreeCredit]
            .into_iter()
            .find(|bucket| Self::all_of(price, *bucket) == self)
            .map_or(PaidFrom::Several, PaidFrom::One)
    }
}

impl Code for PaidFrom {
    fn code(self) -> i64 {
        match self {
            Self::One(bucket) => bucket.code(),
            Self::Several => 3,
        }
    }

    fn from_code(code: i64) -> Option<Self> {
        match code {
            3 => Some(Self::Several),
            code => Bucket::from_code(code).map(Self::One),
        }
    }
}

impl Work<'_> {
    /// Sets a part's price aside, and says where it comes from. That it is there was seen before.
    pub(super) fn hold(&mut self, account: AccountId, part: PartId, price: i64) -> Result<PaidFrom, Fault> {
        if price == 0 {
            return Ok(PaidFrom::One(Bucket::Balance));
        }
        let shares = self.memory.hold(account, price)?;
        let paid_from = shares.paid_from(price);
        if paid_from == PaidFrom::Several {
            let row = params![part.0, account.0, shares.free_credit, shares.bonus_credit];
            self.db.prepare_cached(INSERT_SPLIT)?.execute(row)?;
        }
        Ok(paid_from)
    }

    /// What a part that is given back took from where. It is not known after this.
    pub(super) fn taken_back(&mut self, part: PartId, price: i64, paid_from: PaidFrom) -> Result<Shares, Fault> {
        match paid_from {
            PaidFrom::One(bucket) => Ok(Shares::all_of(price, bucket)),
            PaidFrom::Several => {
                let shares = self
                    .db
                    .prepare_cached(FIND_SPLIT)?
                    .query_row([part.0], |row| Ok(Shares { free_credit: row.get(0)?, bonus_credit: row.get(1)? }))?;
                self.db.prepare_cached(DELETE_SPLIT)?.execute([part.0])?;
                Ok(shares)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credit_goes_first_and_what_was_free_before_it() {
        let of = |price, free_credit, bonus_credit| {
            let shares = Shares::of(price, Shares { free_credit, bonus_credit });
            (shares.free_credit, shares.bonus_credit, shares.paid_from(price).code())
        };
        assert_eq!(of(5, 0, 0), (0, 0, 0));
        assert_eq!(of(5, 0, 9), (0, 5, 1));
        assert_eq!(of(5, 5, 9), (5, 0, 2));
        assert_eq!(of(5, 4, 9), (4, 1, 3));
        assert_eq!(of(5, 2, 2), (2, 2, 3));
        assert_eq!(of(5, 0, 2), (0, 2, 3));
    }

    #[test]
    fn where_a_price_comes_from_is_written_and_read() {
        for code in 0..=3 {
            assert_eq!(PaidFrom::from_code(code).map(PaidFrom::code), Some(code));
        }
        assert!(PaidFrom::from_code(4).is_none() && PaidFrom::from_code(-1).is_none());
    }
}
