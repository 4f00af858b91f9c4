-- Numbers for sale and what was paid for them, payments that accounts may call up, and refused requests.

-- The operator's pool. A number is for sale while it is here and nobody owns it. kind: mobile, landline or toll-free; features: bits,
-- 1 texts, 2 calls, 4 pictures; monthly: what is named as its price for a month, purchase: what a purchase costs.
create table offer (
  number text primary key,
  country text not null,
  kind text not null,
  features integer not null check (features between 0 and 7),
  monthly integer not null check (monthly >= 0),
  purchase integer not null check (purchase >= 0),
  currency text not null,
  at integer not null
) strict, without rowid;
create index offer_by_country on offer (country, number);

-- One row for each purchase. ended_at: when the number was given back or taken away; ended_by: the operation by which its owner gave it
-- back.
create table purchase (
  id integer primary key,
  account_id integer not null,
  number text not null,
  amount integer not null check (amount >= 0),
  at integer not null,
  ended_at integer,
  ended_by integer
) strict;
create index purchase_by_number on purchase (number, id);

-- What a number is, copied when it is given to an account; null: not known. Beside its URL, what the account keeps with it; null: nothing.
alter table number add column country text;
alter table number add column kind text;
alter table number add column features integer;
alter table number add column application text;
alter table number add column system_type text;
alter table number add column voice_kind text;
alter table number add column voice_value text;
alter table number add column voice_status_url text;

-- A payment that the operator arranged and the account may call up so many times more.
create table reload (
  account_id integer primary key,
  reference text not null,
  amount integer not null check (amount > 0),
  times_left integer not null check (times_left >= 0),
  at integer not null
) strict;

-- kind 3: a number was bought, cause = purchase id. kind 4: an arranged payment was called up, cause = id of the operation.
create table transfer_of_all (
  kind integer not null check (kind between 1 and 4),
  cause any not null,
  debit integer not null,
  credit integer not null check (credit <> debit),
  amount integer not null check (amount > 0),
  at integer not null,
  primary key (kind, cause)
) strict, without rowid;
insert into transfer_of_all select kind, cause, debit, credit, amount, at from transfer;
drop table transfer;
alter table transfer_of_all rename to transfer;

-- Requests to send that were refused: the last ones of each account. recipient: digits, or what stood in the place of a number.
create table rejection (
  id integer primary key,
  account_id integer not null,
  recipient text not null,
  sender text not null,
  code text not null,
  told text not null,
  at integer not null
) strict;
create index rejection_by_recipient on rejection (account_id, recipient, at);
create index rejection_by_account on rejection (account_id, id);
