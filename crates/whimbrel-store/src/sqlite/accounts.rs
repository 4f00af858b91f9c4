//! Accounts, payments and the names of carriers: rare changes.

use rusqlite::{OptionalExtension, params};
use whimbrel_core::{CarrierId, SenderId};

use super::buckets::Shares;
use super::change::PAID_IN;
use super::codes::Code;
use super::fault::Fault;
use super::writer::Work;
use super::{credentials, policy, rows, rules};
use crate::op::{AccountPatch, AccountRefused, NewAccount, OpResult, TopUp};

const KEY_OWNER: &str = "select id from account where dialect = ?1 and key = ?2";
const INSERT_ACCOUNT: &str = "insert into account (id, dialect, key, name, currency, status, default_class, capture_on,
 webhook_method, created_at, rules, policy, otp_template, otp_sender)
 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
const INSERT_WALLET: &str = "insert into wallet (account_id, posted, held) values (?1, 0, 0)";
const UPDATE_ACCOUNT: &str =
    "update account set webhook_method = ?2, status = ?3, default_class = ?4, rules = ?5, policy = ?6,
 otp_template = ?7, otp_sender = ?8 where id = ?1";
const PUT_ENDPOINT: &str = "insert into endpoint (account_id, kind, url) values (?1, ?2, ?3)
 on conflict (account_id, kind) do update set url = excluded.url";
const DELETE_ENDPOINT: &str = "delete from endpoint where account_id = ?1 and kind = ?2";
// The primary key makes a second payment with the same cause impossible.
const PAY_IN: &str = "insert into transfer (kind, cause, debit, credit, amount, at, bucket)
 values (2, ?1, ?2, ?3, ?4, ?5, ?6)
 on conflict (kind, cause) do nothing";
// By the primary key.
const PAID_IN_BEFORE: &str = "select amount, bucket from transfer where kind = 2 and cause = ?1";
const CARRIER: &str = "select id from carrier where name = ?1";
const INSERT_CARRIER: &str =
    "insert into carrier (id, name) select coalesce(max(id), 0) + 1, ?1 from carrier returning id";

impl Work<'_> {
    pub(super) fn make_account(&mut self, new: &NewAccount) -> Result<OpResult, Fault> {
        let account = &new.account;
        self.saw(new.at, account.id.0);
        let owner: Option<i64> =
            self.db.prepare_cached(KEY_OWNER)?.query_row([&*new.dialect, &account.key], |row| row.get(0)).optional()?;
        match (owner, self.memory.purse(account.id)) {
            (None, None) if !new.secrets.iter().all(|secret| self.has_key_of(secret)) => return Ok(OpResult::KeyGone),
            (None, None) => {
                for secret in &new.secrets {
                    if self.is_key_in_use(secret)? {
                        return Ok(OpResult::AccountRefused(AccountRefused::KeyTaken));
                    }
                }
                self.insert_account(new)?;
            }
            (Some(owner), Some(_)) if owner == account.id.0 => {}
            _ => return Ok(OpResult::AccountRefused(AccountRefused::KeyTaken)),
        }
        self.credential_now(account.id)
    }

    fn insert_account(&mut self, new: &NewAccount) -> Result<(), Fault> {
        let account = &new.account;
        self.db.prepare_cached(INSERT_ACCOUNT)?.execute(params![
            account.id.0,
            new.dialect,
            account.key,
            account.name,
            account.currency.as_str(),
            account.status.as_str(),
            account.default_class.as_str(),
            account.capture_on.as_str(),
            account.webhook_method.as_str(),
            new.at.0,
            rules::text(&account.rules),
            policy::text(&account.signing, &account.policy),
            account.otp.template,
            account.otp.sender.as_ref().map(SenderId::as_str),
        ])?;
        for secret in &new.secrets {
            credentials::insert_secret(&self.db, account.id, secret, new.at)?;
        }
        let signs = (account.id.0, &new.signature_secret);
        credentials::insert_signature_secret(&self.db, self.keyring, account.id, signs, new.at)?;
        self.db.prepare_cached(INSERT_WALLET)?.execute([account.id.0])?;
        for endpoint in &account.endpoints {
            let row = params![account.id.0, endpoint.kind.as_str(), endpoint.url];
            self.db.prepare_cached(PUT_ENDPOINT)?.execute(row)?;
        }
        self.reload_account(account.id)
    }

    pub(super) fn patch_account(&mut self, patch: &AccountPatch) -> Result<OpResult, Fault> {
        self.memory.counts.saw_time(patch.at);
        let Some(purse) = self.memory.purse(patch.id) else {
            return Ok(OpResult::AccountRefused(AccountRefused::Unknown));
        };
        let account = &purse.account;
        let otp = patch.otp.as_ref().unwrap_or(&account.otp);
        self.db.prepare_cached(UPDATE_ACCOUNT)?.execute(params![
            patch.id.0,
            patch.webhook_method.unwrap_or(account.webhook_method).as_str(),
            patch.status.unwrap_or(account.status).as_str(),
            patch.default_class.unwrap_or(account.default_class).as_str(),
            rules::text(&patch.rules.unwrap_or(account.rules)),
            policy::text(&patch.signing.unwrap_or(account.signing), patch.policy.as_ref().unwrap_or(&account.policy),),
            otp.template,
            otp.sender.as_ref().map(SenderId::as_str),
        ])?;
        for (kind, url) in &patch.endpoints {
            if url.is_empty() {
                self.db.prepare_cached(DELETE_ENDPOINT)?.execute(params![patch.id.0, kind.as_str()])?;
            } else {
                self.db.prepare_cached(PUT_ENDPOINT)?.execute(params![patch.id.0, kind.as_str(), url])?;
            }
        }
        self.reload_account(patch.id)?;
        match self.memory.purse(patch.id) {
            Some(purse) => Ok(OpResult::Account(Box::new(purse.account.clone()))),
            None => Ok(OpResult::AccountRefused(AccountRefused::Unknown)),
        }
    }

    /// Reads the account as the tables have it now; its wallet in memory stays.
    fn reload_account(&mut self, id: whimbrel_core::AccountId) -> Result<(), Fault> {
        for row in rows::accounts(&self.db, Some(id))? {
            self.memory.put_account(row.account);
        }
        Ok(())
    }

    pub(super) fn top_up(&mut self, payment: &TopUp) -> Result<OpResult, Fault> {
        self.memory.counts.saw_time(payment.at);
        let Some(purse) = self.memory.purse(payment.account_id) else {
            return Ok(OpResult::AccountRefused(AccountRefused::Unknown));
        };
        let amount = payment.amount.units;
        let fits = purse.wallet().posted.units.checked_add(amount).is_some();
        if amount <= 0 || payment.amount.currency != purse.account.currency || !fits {
            return Ok(OpResult::AccountRefused(AccountRefused::Amount));
        }
        let account_id = payment.account_id.0;
        let cause = format!("{account_id:x}/{}", payment.cause);
        let bucket = payment.bucket;
        let row = params![cause, PAID_IN, account_id, amount, payment.at.0, bucket.code()];
        if self.db.prepare_cached(PAY_IN)?.execute(row)? == 1 {
            self.memory.move_money(payment.account_id, amount, 0)?;
            self.memory.give_credit(payment.account_id, Shares::all_of(amount, bucket))?;
        } else {
            let before: (i64, i64) =
                (self.db.prepare_cached(PAID_IN_BEFORE)?).query_row([&cause], |row| Ok((row.get(0)?, row.get(1)?)))?;
            if before != (amount, bucket.code()) {
                return Ok(OpResult::AccountRefused(AccountRefused::CauseTaken));
            }
        }
        match self.memory.purse(payment.account_id) {
            Some(purse) => Ok(OpResult::Wallet(purse.wallet())),
            None => Ok(OpResult::AccountRefused(AccountRefused::Unknown)),
        }
    }

    pub(super) fn name_carrier(&mut self, name: &str) -> Result<OpResult, Fault> {
        let known: Option<u16> = self.db.prepare_cached(CARRIER)?.query_row([name], |row| row.get(0)).optional()?;
        let number = match known {
            Some(number) => number,
            // Beyond 65,535 names the check of the table refuses.
            None => self.db.prepare_cached(INSERT_CARRIER)?.query_row([name], |row| row.get(0))?,
        };
        Ok(OpResult::Carrier(CarrierId(number)))
    }
}
