-- Binary messages, rules and lists of accounts, owned numbers, texts that come in, several carriers for one part, and why a
-- receipt found no part. Rows of the version before are kept as they are; new columns say with null or a default what they meant.

alter table meta add column inbound integer not null default 0;

-- One pair `name=value` for each rule that differs from its default, a blank between them; empty: no rules.
alter table account add column rules text not null default '';

-- account_id 0: everybody's. entry: in the one form that the program gives to lines that mean the same.
create table list_entry (
  account_id integer not null,
  kind text not null,
  entry text not null,
  primary key (account_id, kind, entry)
) strict, without rowid;

create table number (
  number text primary key,
  account_id integer not null,
  inbound_url text,
  at integer not null
) strict, without rowid;
create index number_by_account on number (account_id, number);

-- A binary message has a body, and its text is empty. concat_reference: an 8-bit reference as it is, a 16-bit one plus 65536.
alter table message add column header blob;
alter table message add column body blob;
alter table message add column protocol_id integer not null default 0;
alter table message add column handset_class integer;
alter table message add column entity text;
alter table message add column template text;

-- Null: the message's carrier, from before a part could be handed on.
alter table attempt add column carrier integer;

-- The id as the carrier wrote it. Null: not known, from before it was kept; empty: the key itself.
alter table pidx add column raw text;

-- reason: unknown-id, other-recipient or no-id.
alter table parked add column reason text not null default 'unknown-id';
create index parked_by_carrier on parked (carrier, id);
create index parked_by_operation on parked (notice_id);

-- Parts of texts that came in. group_id: the id of the first part of the same text to arrive. reference: as in `message`; null:
-- the only part. alphabet 0 GSM 7-bit, 1 UCS-2; null: a binary part, whose octets are the body.
create table inbound (
  id integer primary key,
  group_id integer not null,
  account_id integer,
  carrier integer not null,
  sender_kind integer not null,
  sender text not null,
  number text not null,
  header blob not null,
  reference integer,
  total integer not null check (total between 1 and 255),
  sequence integer not null check (sequence between 1 and total),
  alphabet integer,
  text text not null,
  body blob not null,
  at integer not null
) strict;
create index inbound_of_group on inbound (group_id, sequence);
create index inbound_alike on inbound (sender, number, carrier, reference, total, id) where reference is not null;
create index inbound_by_number on inbound (number, id) where group_id = id;
create index inbound_by_account on inbound (account_id, id) where group_id = id;

-- A notice tells of a part that was sent, or of one that came in.
create table notice_of_both (
  id integer primary key,
  part_id integer,
  message_id integer,
  part_number integer not null,
  status text,
  cause text,
  inbound_id integer,
  happened_at integer not null,
  failures integer not null,
  first_at integer not null,
  due_at integer not null,
  check ((inbound_id is null) = (part_id is not null) and (part_id is null) = (message_id is null)
    and (part_id is null) = (status is null) and (part_id is null) = (cause is null))
) strict;
insert into notice_of_both (id, part_id, message_id, part_number, status, cause, happened_at, failures, first_at, due_at)
  select id, part_id, message_id, part_number, status, cause, happened_at, failures, first_at, due_at from notice;
drop table notice;
alter table notice_of_both rename to notice;
create index notice_due on notice (due_at, id);
