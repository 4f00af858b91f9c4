-- Several secrets for an account, each with an id; signature secrets that overlap; everything sealed in one table, so that a
-- change of keys finds it; what a key may be used for; what was spent today. The program moves what the tables of the version
-- before hold (sqlite/moved.rs) and drops them, in the same transaction.

-- What proves a secret, never the secret. id: the 16 octets of its UUID. A chosen secret has salt and cost (Argon2id), a
-- generated one has neither. key_id: the key of the file that the verifier was made with.
create table secret (
  account_id integer not null,
  id blob not null check (length(id) = 16),
  key_id integer not null,
  verifier blob not null check (length(verifier) = 32),
  salt blob check (length(salt) = 16),
  memory_kib integer,
  passes integer,
  created_at integer not null,
  primary key (account_id, id),
  check ((salt is null) = (memory_kib is null) and (salt is null) = (passes is null))
) strict, without rowid;

-- Secrets that sign. ends_at null: the current one; else the one before it, which is good until then. The secrets themselves
-- are in `sealed`.
create table signature_secret (
  account_id integer not null,
  id integer not null,
  created_at integer not null,
  ends_at integer,
  primary key (account_id, id)
) strict, without rowid;
create unique index signature_secret_current on signature_secret (account_id) where ends_at is null;
create index signature_secret_end on signature_secret (ends_at) where ends_at is not null;

-- Secrets that must be readable again. place: what the secret is and whose; it is sealed in too, so that rows cannot be
-- swapped. key_id: the first octet of the value.
create table sealed (
  place text primary key,
  key_id integer not null,
  value blob not null
) strict, without rowid;
create index sealed_by_key on sealed (key_id, place);

-- One pair `name=value` for each setting that differs from its default, as in `rules`.
alter table account add column policy text not null default '';

-- spent_day: the day (UTC, since 1970) that `spent` is of: prices of the parts accepted in it, without those given back.
alter table wallet add column spent_day integer not null default 0;
alter table wallet add column spent integer not null default 0 check (spent >= 0);
