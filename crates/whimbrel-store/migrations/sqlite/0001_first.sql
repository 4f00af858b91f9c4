-- What changes often is small and apart (`live`, `pidx`, `notice`, `wallet`); the message row is written once.
-- Times are microseconds since 1970, UTC; money is units of 10^-8 of the account's currency; ids sort by time.

-- One row: what must survive a restart and belongs to no other table.
create table meta (
  id integer primary key check (id = 1),
  high_water integer not null,
  messages integer not null,
  doubts integer not null,
  key_check blob not null
) strict;

create table carrier (
  id integer primary key check (id between 1 and 65535),
  name text not null unique
) strict;

create table account (
  id integer primary key,
  dialect text not null,
  key text not null,
  name text not null,
  currency text not null,
  status text not null,
  default_class text not null,
  capture_on text not null,
  webhook_method text not null,
  signature_secret blob not null,
  created_at integer not null,
  unique (dialect, key)
) strict;

-- Digests only: what authenticates need not be readable.
create table account_secret (
  account_id integer not null,
  slot integer not null,
  digest blob not null check (length(digest) = 32),
  primary key (account_id, slot)
) strict, without rowid;

create table endpoint (
  account_id integer not null,
  kind text not null,
  url text not null,
  primary key (account_id, kind)
) strict, without rowid;

-- A copy of what the ledger and the open holds add up to; the checks are the last line against spending what is not there.
create table wallet (
  account_id integer primary key,
  posted integer not null,
  held integer not null check (held >= 0),
  floor integer not null default 0,
  check (posted - held >= floor)
) strict;

-- The ledger. One row moves one amount from one ledger account to another; customers have their account's number,
-- -1 is our revenue, -2 is what was paid in. kind 1: a part's price was captured, cause = part id.
-- kind 2: a payment, cause = account id in hexadecimal, a slash and the payment's name.
create table transfer (
  kind integer not null check (kind in (1, 2)),
  cause any not null,
  debit integer not null,
  credit integer not null check (credit <> debit),
  amount integer not null check (amount > 0),
  at integer not null,
  primary key (kind, cause)
) strict, without rowid;

create table message (
  id integer primary key,
  account_id integer not null,
  dialect text not null,
  class integer not null,
  recipient text not null,
  sender_kind integer not null,
  sender text not null,
  text text not null,
  alphabet integer not null,
  concat_reference integer not null,
  encoding text not null,
  part_count integer not null check (part_count between 1 and 255),
  price integer not null check (price >= 0),
  balance_after integer not null,
  network text not null,
  carrier integer not null,
  route text not null,
  epoch integer not null,
  receipt_wanted integer not null,
  callback text,
  client_ref text,
  account_ref text,
  validity integer,
  accepted_at integer not null,
  expires_at integer not null
) strict;
create index message_by_recipient on message (recipient, id);
create index message_by_account on message (account_id, id);

-- Parts that have not ended. state 0 queued (state_at: due), 1 submitting (since), 2 uncertain (resolve), 3 submitted (at).
-- While state is 1 this row is the open attempt; its history row is written when the attempt ends.
-- tell 0: no receipts wanted, 1: to the account's endpoint, 2: to the message's callback.
create table live (
  part_id integer primary key,
  message_id integer not null,
  number integer not null,
  account_id integer not null,
  carrier integer not null,
  state integer not null check (state between 0 and 3),
  state_at integer not null,
  attempt integer not null,
  failures integer not null,
  doubts integer not null,
  price integer not null,
  funds integer not null check (funds between 0 and 2),
  capture_on integer not null,
  expires_at integer not null,
  told text,
  class integer not null,
  tell integer not null,
  carrier_message_id text not null default ''
) strict;
create index live_queued on live (carrier, class, state_at, part_id) where state = 0;
create index live_uncertain on live (state_at) where state = 2;
create index live_expiry on live (expires_at);
create index live_of_message on live (message_id, number) where number > 1;

-- ended_by: receipt, answer, refusal, doubt or clock. code: the carrier's, for people. operation: the id of the operation that ended
-- it, so that the very same one, committed again, is no late receipt.
create table ended (
  part_id integer primary key,
  message_id integer not null,
  number integer not null,
  status text not null,
  cause text not null,
  funds integer not null check (funds between 0 and 2),
  ended_at integer not null,
  ended_by text not null,
  operation integer not null,
  code text not null,
  attempts integer not null,
  carrier_message_id text not null
) strict;
create index ended_of_message on ended (message_id, number) where number > 1;

-- Attempts that are over. outcome: sent, refused, doubt, given-back, or overtaken (the receipt came before the answer).
create table attempt (
  part_id integer not null,
  number integer not null,
  claimed_at integer not null,
  answered_at integer not null,
  outcome text not null,
  code text not null,
  carrier_message_id text not null,
  primary key (part_id, number)
) strict, without rowid;

-- The carrier's ids, to find parts by receipts. Rows outlive their part for a while, so that a repeated receipt is known.
create table pidx (
  carrier integer not null,
  key blob not null,
  part_id integer not null,
  primary key (carrier, key, part_id)
) strict, without rowid;

-- Receipts that came before the answer that names their part.
create table parked (
  id integer primary key,
  carrier integer not null,
  raw_id text not null,
  status text not null,
  cause text not null,
  code text not null,
  recipient text not null,
  notice_id integer not null,
  at integer not null
) strict;

-- form 0: the id as it stands, 1: converted, so that the recipient must agree.
create table parked_key (
  parked_id integer not null,
  carrier integer not null,
  key blob not null,
  form integer not null,
  primary key (carrier, key, parked_id, form)
) strict, without rowid;
create index parked_key_of on parked_key (parked_id);

create table dedupe (
  account_id integer not null,
  key text not null,
  request_digest blob not null check (length(request_digest) = 32),
  message_id integer not null,
  expires_at integer not null,
  primary key (account_id, key)
) strict, without rowid;
create index dedupe_expiry on dedupe (expires_at);

-- Webhooks that were not delivered yet.
create table notice (
  id integer primary key,
  part_id integer not null,
  message_id integer not null,
  part_number integer not null,
  status text not null,
  cause text not null,
  happened_at integer not null,
  failures integer not null,
  first_at integer not null,
  due_at integer not null
) strict;
create index notice_due on notice (due_at, id);

-- What is not recorded elsewhere. sequence: an id of the operation, so that the same operation twice is one row.
create table event (
  message_id integer not null,
  at integer not null,
  sequence integer not null,
  part_number integer not null,
  what text not null,
  detail text not null,
  primary key (message_id, at, sequence)
) strict, without rowid;
