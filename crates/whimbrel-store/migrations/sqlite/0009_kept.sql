-- Evidence of a carrier for parts in doubt, and rows that are set aside.

-- Receipts that wait, by the number that they are for: one of them may prove that a part in doubt was taken.
create index parked_by_recipient on parked (carrier, recipient);

-- Parts that could not go on: the row of `live` as it was, without its checks, and what hindered it. Such a part ends by `fault`.
create table set_aside (
  part_id integer primary key,
  message_id any,
  number any,
  account_id any,
  carrier any,
  state any,
  state_at any,
  attempt any,
  failures any,
  doubts any,
  price any,
  funds any,
  capture_on any,
  expires_at any,
  told any,
  class any,
  tell any,
  carrier_message_id any,
  at integer not null,
  reason text not null
) strict;
