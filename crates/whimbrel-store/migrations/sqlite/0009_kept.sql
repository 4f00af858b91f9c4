-- Evidence of a carrier for parts in doubt, and rows that are set aside.

-- Receipts that wait, by the number that they are for: one of them may prove that a part in doubt was taken.
create index parked_by_recipient on parked (carrier, recipient);

-- Parts that could not go on, and what hindered them. row: their row of `live` as it was, an object of JSON. Such a part ends by `fault`.
create table set_aside (
  part_id integer primary key,
  at integer not null,
  reason text not null,
  row text not null
) strict;

-- Up to which ids messages may have been removed, and texts erased, because they were old. Some below are there: what was not finished.
alter table meta add column pruned_to integer not null default 0;
alter table meta add column texts_to integer not null default 0;
