-- Messages that their dialect names by short decimals. One row of numbers for messages and for the documents of such dialects; the mark
-- keeps a number from being given twice, whatever was removed.
alter table message add column serial integer check (serial > 0);
create unique index message_by_serial on message (serial) where serial is not null;
alter table meta add column serial integer not null default 0;

-- live.tell 7: of the message and what its first part meets on the way, to the account's hooks: documents of the kind `hook`.
-- notice.hook: the key of the hook that it is for; null for one that is for no hook. A notice for hooks has an empty key until it is
-- spread: then each hook that wants it gets a row of its own, with tries of its own, in the place of the one.
alter table notice add column hook text;
