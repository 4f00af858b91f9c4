//! The operator's pool, and how its numbers come to accounts and back. A sale is one change: the price and the number, or neither.

use rusqlite::{OptionalExtension, Row, params};
use whimbrel_core::call::numbers::{Features, NumberKind, NumberSettings, NumbersRefusal};
use whimbrel_core::{AccountId, CountryCode, Money, Timestamp};

use super::change::REVENUE;
use super::codes::{parsed, small};
use super::fault::{Fault, corrupt_column};
use super::writer::Work;
use crate::op::{Deal, Offer, PoolDone, PoolOp};

/// The columns of [`offer`], in its order.
macro_rules! offer_columns {
    () => {
        "o.number, o.country, o.kind, o.features, o.monthly, o.purchase, o.currency"
    };
}
pub(super) use offer_columns;

const PUT: &str = "insert into offer (number, country, kind, features, monthly, purchase, currency, at)
 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
 on conflict (number) do update set country = excluded.country, kind = excluded.kind, features = excluded.features,
 monthly = excluded.monthly, purchase = excluded.purchase, currency = excluded.currency, at = excluded.at";
const WITHDRAW: &str = "delete from offer where number = ?1";
// By the primary key; a number that somebody owns is not for sale.
const FOR_SALE: &str = concat!(
    "select ",
    offer_columns!(),
    " from offer o where o.number = ?1 and not exists (select 1 from number n where n.number = o.number)"
);
// By the primary key.
const BOUGHT: &str = "select 1 from purchase where id = ?1";
const INSERT_PURCHASE: &str = "insert into purchase (id, account_id, number, amount, at) values (?1, ?2, ?3, ?4, ?5)";
// The primary key makes a second payment of the same purchase impossible.
const PAY: &str = "insert into transfer (kind, cause, debit, credit, amount, at) values (3, ?1, ?2, ?3, ?4, ?5)";
const GIVE: &str =
    "insert into number (number, account_id, at, country, kind, features) values (?1, ?2, ?3, ?4, ?5, ?6)";
// By the primary key.
const OWNED: &str = "select account_id, country from number where number = ?1";
const TAKE_BACK: &str = "delete from number where number = ?1";
// By the index purchase_by_number.
const ENDED_BY: &str = "select 1 from purchase where number = ?1 and ended_by = ?2";
const END_PURCHASE: &str = "update purchase set ended_at = ?2, ended_by = ?3 where number = ?1 and ended_at is null";
// Null leaves a field, an empty text takes it away.
const SET: &str = "update number set
 inbound_url = case when ?2 is null then inbound_url else nullif(?2, '') end,
 application = case when ?3 is null then application else nullif(?3, '') end,
 system_type = case when ?4 is null then system_type else nullif(?4, '') end,
 voice_kind = case when ?5 is null then voice_kind else nullif(?5, '') end,
 voice_value = case when ?6 is null then voice_value else nullif(?6, '') end,
 voice_status_url = case when ?7 is null then voice_status_url else nullif(?7, '') end
 where number = ?1";

/// Reads [`offer_columns`].
pub(super) fn offer(row: &Row<'_>) -> rusqlite::Result<Offer> {
    let currency = parsed(row, 6, |code| code.parse().ok())?;
    Ok(Offer {
        number: row.get(0)?,
        country: parsed(row, 1, CountryCode::parse)?,
        kind: parsed(row, 2, NumberKind::parse)?,
        features: Features::from_bits(small(row, 3)?).ok_or_else(|| corrupt_column(3))?,
        monthly: Money::new(row.get(4)?, currency),
        purchase: Money::new(row.get(5)?, currency),
    })
}

impl Work<'_> {
    pub(super) fn change_pool(&mut self, change: &PoolOp) -> Result<PoolDone, Fault> {
        match change {
            PoolOp::Offer { offers, at } => self.put_offers(offers, *at),
            PoolOp::Withdraw { number, at } => {
                self.memory.counts.saw_time(*at);
                let was_there = self.db.prepare_cached(WITHDRAW)?.execute([number])? == 1;
                Ok(PoolDone::Withdrawn { was_there })
            }
            PoolOp::Buy(deal) => self.sell(deal),
            PoolOp::Cancel(deal) => self.take_back(deal),
            PoolOp::Set(deal, settings) => self.set_number(deal, settings),
        }
    }

    fn put_offers(&mut self, offers: &[Offer], at: Timestamp) -> Result<PoolDone, Fault> {
        self.memory.counts.saw_time(at);
        let mut put = self.db.prepare_cached(PUT)?;
        for offer in offers {
            if offer.monthly.currency != offer.purchase.currency {
                return Err(Fault::Op("an offer has two currencies".into()));
            }
            put.execute(params![
                offer.number,
                offer.country.as_str(),
                offer.kind.as_str(),
                offer.features.bits(),
                offer.monthly.units,
                offer.purchase.units,
                offer.monthly.currency.as_str(),
                at.0,
            ])?;
        }
        Ok(PoolDone::Offered(offers.len()))
    }

    fn sell(&mut self, deal: &Deal) -> Result<PoolDone, Fault> {
        self.saw(deal.at, deal.id);
        if self.db.prepare_cached(BOUGHT)?.exists([deal.id])? {
            return Ok(PoolDone::Owner(Some(deal.account_id)));
        }
        let offer = self.db.prepare_cached(FOR_SALE)?.query_row([&deal.number], offer).optional()?;
        let Some((offer, purse)) = offer.zip(self.memory.purse(deal.account_id)) else {
            return Ok(PoolDone::Refused(NumbersRefusal::NotForSale));
        };
        if offer.country != deal.country || offer.purchase.currency != purse.account.currency {
            return Ok(PoolDone::Refused(NumbersRefusal::NotForSale));
        }
        let price = offer.purchase.units;
        if purse.spendable_balance() < price {
            return Ok(PoolDone::Refused(NumbersRefusal::InsufficientFunds));
        }
        let AccountId(account) = deal.account_id;
        let row = params![deal.id, account, deal.number, price, deal.at.0];
        self.db.prepare_cached(INSERT_PURCHASE)?.execute(row)?;
        if price > 0 {
            self.db.prepare_cached(PAY)?.execute(params![deal.id, account, REVENUE, price, deal.at.0])?;
            self.memory.move_money(deal.account_id, -price, 0)?;
        }
        self.db.prepare_cached(GIVE)?.execute(params![
            deal.number,
            account,
            deal.at.0,
            offer.country.as_str(),
            offer.kind.as_str(),
            offer.features.bits(),
        ])?;
        Ok(PoolDone::Owner(Some(deal.account_id)))
    }

    fn take_back(&mut self, deal: &Deal) -> Result<PoolDone, Fault> {
        self.saw(deal.at, deal.id);
        if self.db.prepare_cached(ENDED_BY)?.exists(params![deal.number, deal.id])? {
            return Ok(PoolDone::Owner(None));
        }
        if !self.is_owner(deal)? {
            return Ok(PoolDone::Refused(NumbersRefusal::NotOwned));
        }
        self.db.prepare_cached(TAKE_BACK)?.execute([&deal.number])?;
        self.end_purchase(&deal.number, deal.at, Some(deal.id))?;
        Ok(PoolDone::Owner(None))
    }

    fn set_number(&mut self, deal: &Deal, settings: &NumberSettings) -> Result<PoolDone, Fault> {
        self.memory.counts.saw_time(deal.at);
        if !self.is_owner(deal)? {
            return Ok(PoolDone::Refused(NumbersRefusal::NotOwned));
        }
        self.db.prepare_cached(SET)?.execute(params![
            deal.number,
            settings.inbound_url,
            settings.application,
            settings.system_type,
            settings.voice_kind,
            settings.voice_value,
            settings.voice_status_url,
        ])?;
        Ok(PoolDone::Owner(Some(deal.account_id)))
    }

    /// Whether the number is the account's, and of the country that it names. Of a number without a country any is right.
    fn is_owner(&self, deal: &Deal) -> Result<bool, Fault> {
        let owned = self.db.prepare_cached(OWNED)?.query_row([&deal.number], |row| {
            let country: Option<Box<str>> = row.get(1)?;
            let country = country.map(|code| CountryCode::parse(&code).ok_or_else(|| corrupt_column(1))).transpose()?;
            Ok((AccountId(row.get(0)?), country))
        });
        Ok(owned.optional()?.is_some_and(|(owner, country)| {
            owner == deal.account_id && country.or(deal.presumed).is_none_or(|country| country == deal.country)
        }))
    }

    /// The number is nobody's any more: what was paid for it is history.
    pub(super) fn end_purchase(&self, number: &str, at: Timestamp, by: Option<i64>) -> Result<(), Fault> {
        self.db.prepare_cached(END_PURCHASE)?.execute(params![number, at.0, by])?;
        Ok(())
    }
}
