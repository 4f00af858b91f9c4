//! Who looks after the gateway: their passwords' verifiers, and the second factor.

use rusqlite::{Connection, OptionalExtension, Row, params};
use whimbrel_core::Timestamp;

use super::codes::{parsed, small};
use super::fault::{Fault, corrupt_column};
use super::sealed;
use super::writer::Work;
use crate::keyring::{ChosenCost, KeyDigest, KeyId, Keyring, SecretDigest, SecretVerifier};
use crate::op::{NewOperator, OperatorId, OperatorRole, PeopleDone, PeopleOp, PeopleRefused, TotpChange, Used};
use crate::view::{Operator, OperatorTotp};

/// Operators at most.
const OPERATORS_MAX: i64 = 1_000;

// By the primary key or the unique name; the count reads the small table once.
const COUNT: &str = "select count(*) from operator";
const HAS_NAME: &str = "select 1 from operator where name = ?1 and id <> ?2";
const INSERT: &str =
    "insert into operator (id, name, role, key_id, verifier, salt, memory_kib, passes, created_at, changed_at)
 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9) on conflict (id) do nothing";
const SET_PASSWORD: &str = "update operator set key_id = ?2, verifier = ?3, salt = ?4, memory_kib = ?5, passes = ?6,
 changed_at = ?7 where id = ?1";
const DELETE: &str = "delete from operator where id = ?1";
const DELETE_CODES: &str = "delete from recovery_code where operator_id = ?1";
const SET_TOTP: &str = "update operator set totp_on = ?2, totp_step = 0, changed_at = ?3 where id = ?1";
const USE_STEP: &str = "update operator set totp_step = ?2 where id = ?1 and totp_on is not null and totp_step < ?2";
const INSERT_CODE: &str = "insert into recovery_code (operator_id, key_id, digest) values (?1, ?2, ?3)
 on conflict (operator_id, digest) do nothing";
const USE_CODE: &str = "delete from recovery_code where operator_id = ?1 and key_id = ?2 and digest = ?3";
const COLUMNS: &str =
    "select id, name, role, key_id, verifier, salt, memory_kib, passes, totp_on, totp_step, created_at,
 (select count(*) from recovery_code c where c.operator_id = o.id) from operator o";

/// Where the secret of an operator's app is sealed.
fn totp_place(id: OperatorId) -> String {
    format!("app secret of operator {}", id.0)
}

/// Everybody, by name.
pub(super) fn operators(db: &Connection, keyring: &Keyring) -> Result<Vec<Operator>, Fault> {
    let mut statement = db.prepare_cached(&format!("{COLUMNS} order by name"))?;
    let rows: Vec<OperatorRow> = statement.query_map([], operator_row)?.collect::<rusqlite::Result<_>>()?;
    rows.into_iter().map(|row| whole(db, keyring, row)).collect()
}

fn operator(db: &Connection, keyring: &Keyring, id: OperatorId) -> Result<Option<Operator>, Fault> {
    let mut statement = db.prepare_cached(&format!("{COLUMNS} where id = ?1"))?;
    let row = statement.query_row([id.0], operator_row).optional()?;
    row.map(|row| whole(db, keyring, row)).transpose()
}

/// An operator without what is sealed.
struct OperatorRow {
    operator: Operator,
    totp: Option<(i64, u32)>,
}

fn operator_row(row: &Row<'_>) -> rusqlite::Result<OperatorRow> {
    let cost = ChosenCost::of(small(row, 6)?, small(row, 7)?).ok_or_else(|| corrupt_column(6))?;
    let (key, digest) = (KeyId(small(row, 3)?), SecretDigest::from_bytes(row.get(4)?));
    let totp = match row.get::<_, Option<i64>>(8)? {
        Some(_) => Some((row.get(9)?, small(row, 11)?)),
        None => None,
    };
    let operator = Operator {
        id: OperatorId(row.get(0)?),
        name: row.get(1)?,
        role: parsed(row, 2, OperatorRole::parse)?,
        verifier: SecretVerifier::Chosen { key, cost, salt: row.get(5)?, digest },
        totp: None,
        created_at: Timestamp(row.get(10)?),
    };
    Ok(OperatorRow { operator, totp })
}

fn whole(db: &Connection, keyring: &Keyring, row: OperatorRow) -> Result<Operator, Fault> {
    let OperatorRow { mut operator, totp } = row;
    if let Some((used_step, recovery_codes)) = totp {
        let secret = sealed::find(db, keyring, &totp_place(operator.id))?;
        let secret = secret.ok_or_else(|| Fault::corrupt("the secret of an operator's app"))?;
        operator.totp = Some(OperatorTotp { secret, used_step, recovery_codes });
    }
    Ok(operator)
}

impl Work<'_> {
    pub(super) fn change_people(&mut self, change: &PeopleOp) -> Result<PeopleDone, Fault> {
        match change {
            PeopleOp::Add(new) => self.add_operator(new),
            PeopleOp::SetPassword { id, verifier, at } => {
                self.memory.counts.saw_time(*at);
                if !self.has_key(verifier) {
                    return Ok(PeopleDone::Refused(PeopleRefused::KeyGone));
                }
                let Chosen { key, digest, salt, memory_kib, passes } = chosen(verifier)?;
                let row = params![id.0, key, digest, salt, memory_kib, passes, at.0];
                self.db.prepare_cached(SET_PASSWORD)?.execute(row)?;
                self.operator_now(*id)
            }
            PeopleOp::Remove { id, at } => {
                self.memory.counts.saw_time(*at);
                sealed::remove(&self.db, &totp_place(*id))?;
                self.db.prepare_cached(DELETE_CODES)?.execute([id.0])?;
                self.db.prepare_cached(DELETE)?.execute([id.0])?;
                Ok(PeopleDone::Removed)
            }
            PeopleOp::SetTotp { id, totp, at } => self.set_totp(*id, totp, *at),
            PeopleOp::UseStep { id, step, at } => {
                self.memory.counts.saw_time(*at);
                let is_first = self.db.prepare_cached(USE_STEP)?.execute(params![id.0, step])? == 1;
                Ok(PeopleDone::Code(if is_first { Used::First } else { Used::Again }))
            }
            PeopleOp::UseRecoveryCode { id, digests, at } => self.use_recovery_code(*id, digests, *at),
        }
    }

    fn add_operator(&mut self, new: &NewOperator) -> Result<PeopleDone, Fault> {
        self.saw(new.at, new.id.0);
        if self.db.prepare_cached(HAS_NAME)?.exists(params![new.name, new.id.0])? {
            return Ok(PeopleDone::Refused(PeopleRefused::NameTaken));
        }
        let count: i64 = self.db.prepare_cached(COUNT)?.query_row([], |row| row.get(0))?;
        if count >= OPERATORS_MAX {
            return Ok(PeopleDone::Refused(PeopleRefused::TooMany));
        }
        if !self.has_key(&new.verifier) {
            return Ok(PeopleDone::Refused(PeopleRefused::KeyGone));
        }
        let Chosen { key, digest, salt, memory_kib, passes } = chosen(&new.verifier)?;
        self.db.prepare_cached(INSERT)?.execute(params![
            new.id.0,
            new.name,
            new.role.as_str(),
            key,
            digest,
            salt,
            memory_kib,
            passes,
            new.at.0,
        ])?;
        self.operator_now(new.id)
    }

    fn set_totp(&mut self, id: OperatorId, totp: &TotpChange, at: Timestamp) -> Result<PeopleDone, Fault> {
        self.memory.counts.saw_time(at);
        if operator(&self.db, self.keyring, id)?.is_none() {
            return Ok(PeopleDone::Refused(PeopleRefused::Unknown));
        }
        if let TotpChange::On { recovery_codes, .. } = totp
            && recovery_codes.iter().any(|code| !self.has_key(code))
        {
            return Ok(PeopleDone::Refused(PeopleRefused::KeyGone));
        }
        self.db.prepare_cached(DELETE_CODES)?.execute([id.0])?;
        match totp {
            TotpChange::Off => {
                sealed::remove(&self.db, &totp_place(id))?;
                self.db.prepare_cached(SET_TOTP)?.execute(params![id.0, None::<i64>, at.0])?;
            }
            TotpChange::On { secret, recovery_codes } => {
                sealed::put(&self.db, self.keyring, &totp_place(id), secret)?;
                for code in recovery_codes {
                    let Some(KeyDigest(key, digest)) = code.key_digest() else {
                        return Err(Fault::Op("a recovery code that was chosen".into()));
                    };
                    self.db.prepare_cached(INSERT_CODE)?.execute(params![id.0, key.0, digest.as_bytes()])?;
                }
                self.db.prepare_cached(SET_TOTP)?.execute(params![id.0, at.0, at.0])?;
            }
        }
        self.operator_now(id)
    }

    fn use_recovery_code(&mut self, id: OperatorId, digests: &[KeyDigest], at: Timestamp) -> Result<PeopleDone, Fault> {
        self.memory.counts.saw_time(at);
        let mut used = 0;
        for KeyDigest(key, digest) in digests {
            used += self.db.prepare_cached(USE_CODE)?.execute(params![id.0, key.0, digest.as_bytes()])?;
        }
        Ok(PeopleDone::Code(if used > 0 { Used::First } else { Used::Again }))
    }

    fn operator_now(&self, id: OperatorId) -> Result<PeopleDone, Fault> {
        Ok(match operator(&self.db, self.keyring, id)? {
            Some(operator) => PeopleDone::Operator(Box::new(operator)),
            None => PeopleDone::Refused(PeopleRefused::Unknown),
        })
    }

    fn has_key(&self, verifier: &SecretVerifier) -> bool {
        self.keyring.states().iter().any(|(id, _)| *id == verifier.key())
    }
}

/// The columns of a password's verifier.
struct Chosen<'a> {
    key: u8,
    digest: &'a [u8; 32],
    salt: &'a [u8; 16],
    memory_kib: u32,
    passes: u32,
}

fn chosen(verifier: &SecretVerifier) -> Result<Chosen<'_>, Fault> {
    match verifier {
        SecretVerifier::Chosen { key, cost, salt, digest } => {
            Ok(Chosen { key: key.0, digest: digest.as_bytes(), salt, memory_kib: cost.memory_kib, passes: cost.passes })
        }
        SecretVerifier::Digest { .. } => Err(Fault::Op("a password that was not chosen".into())),
    }
}
