-- indexed: the index by time has the row. The time of a young one is kept in the memory of the process that wrote it instead: most parts
-- end, and most webhooks are taken, within moments, and the index would be written twice for each of them and read for none.
alter table live add column indexed integer not null default 1 check (indexed in (0, 1));
drop index live_expiry;
create index live_expiry on live (expires_at) where indexed = 1;

alter table notice add column indexed integer not null default 1 check (indexed in (0, 1));
drop index notice_due;
create index notice_due on notice (due_at, id) where indexed = 1;
