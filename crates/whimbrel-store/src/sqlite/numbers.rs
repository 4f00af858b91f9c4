//! Numbers of ours and whose they are.

use rusqlite::{Connection, OptionalExtension, Row, params};
use whimbrel_core::{AccountId, ApplicationId, Uuid};

use super::fault::Fault;
use super::writer::Work;
use crate::op::{NumberChange, NumberFate, NumberRefused, OpResult, OwnedNumber};

// By the primary key.
const OWNER: &str = "select number, account_id, inbound_url, application from number where number = ?1";
// What the pool says of the number goes before what was presumed of it.
const ASSIGN: &str = "insert into number (number, account_id, inbound_url, at, country, kind, features)
 values (?1, ?2, ?3, ?4, coalesce((select country from offer where number = ?1), ?5),
 (select kind from offer where number = ?1), (select features from offer where number = ?1))
 on conflict (number) do update set inbound_url = excluded.inbound_url,
 country = coalesce(number.country, excluded.country), kind = coalesce(number.kind, excluded.kind),
 features = coalesce(number.features, excluded.features)";
const RELEASE: &str = "delete from number where number = ?1";
// By the primary key, or by the index number_by_account.
const ALL: &str = "select number, account_id, inbound_url, application from number order by number";
const OF_ACCOUNT: &str =
    "select number, account_id, inbound_url, application from number where account_id = ?1 order by number";

impl Work<'_> {
    pub(super) fn change_number(&mut self, change: &NumberChange) -> Result<OpResult, Fault> {
        self.memory.counts.saw_time(change.at);
        match &change.change {
            NumberFate::Release => {
                self.db.prepare_cached(RELEASE)?.execute([&change.number])?;
                self.end_purchase(&change.number, change.at, None)?;
            }
            NumberFate::Assign { account_id, inbound_url, country } => {
                if self.memory.purse(*account_id).is_none() {
                    return Ok(OpResult::NumberRefused(NumberRefused::UnknownAccount));
                }
                if self.owned_number(&change.number)?.is_some_and(|owned| owned.account_id != *account_id) {
                    return Ok(OpResult::NumberRefused(NumberRefused::Taken));
                }
                let country = country.as_ref().map(whimbrel_core::CountryCode::as_str);
                let row = params![change.number, account_id.0, inbound_url, change.at.0, country];
                self.db.prepare_cached(ASSIGN)?.execute(row)?;
            }
        }
        Ok(OpResult::Number(self.owned_number(&change.number)?))
    }

    /// Whose number it is.
    pub(super) fn owned_number(&self, number: &str) -> Result<Option<OwnedNumber>, Fault> {
        Ok(self.db.prepare_cached(OWNER)?.query_row([number], owned).optional()?)
    }
}

pub(super) fn numbers(db: &Connection, account: Option<AccountId>) -> Result<Vec<OwnedNumber>, Fault> {
    let numbers = match account {
        None => db.prepare_cached(ALL)?.query_map([], owned)?.collect::<rusqlite::Result<_>>()?,
        Some(AccountId(id)) => {
            db.prepare_cached(OF_ACCOUNT)?.query_map([id], owned)?.collect::<rusqlite::Result<_>>()?
        }
    };
    Ok(numbers)
}

fn owned(row: &Row<'_>) -> rusqlite::Result<OwnedNumber> {
    // Customers name the application; a text that is no UUID names none.
    let application: Option<Box<str>> = row.get(3)?;
    Ok(OwnedNumber {
        number: row.get(0)?,
        account_id: AccountId(row.get(1)?),
        inbound_url: row.get(2)?,
        application: application.and_then(|text| Uuid::parse(&text)).map(|uuid| ApplicationId(uuid.0)),
    })
}
