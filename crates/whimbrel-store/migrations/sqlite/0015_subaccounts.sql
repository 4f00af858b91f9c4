-- Accounts that a customer made below its own. number: the name by which the customer calls it, from the row that messages have theirs
-- from. threshold, amount: when less than the one is left, the other is moved there from the account above; amount 0: nothing is.
-- ended_at: since when it is of no use any more; ended_by: the operation that ended it.
create table subaccount (
  account_id integer primary key,
  parent_id integer not null check (parent_id <> account_id),
  number integer not null unique,
  email text not null,
  threshold integer not null default 0 check (threshold >= 0),
  amount integer not null default 0 check (amount >= 0),
  ended_at integer,
  ended_by integer,
  check ((ended_at is null) = (ended_by is null))
) strict;
create index subaccount_by_parent on subaccount (parent_id, number);

-- kind 5: money was moved between an account and one of its subaccounts, cause = id of the operation, or of the message that left less
-- than the threshold.
create table transfer_of_all (
  kind integer not null check (kind between 1 and 5),
  cause any not null,
  debit integer not null,
  credit integer not null check (credit <> debit),
  amount integer not null check (amount > 0),
  at integer not null,
  bucket integer not null default 0 check (bucket between 0 and 3),
  primary key (kind, cause)
) strict, without rowid;
insert into transfer_of_all select kind, cause, debit, credit, amount, at, bucket from transfer;
drop table transfer;
alter table transfer_of_all rename to transfer;
