-- reroutes: how often a part went to another carrier because a receipt said that its number is in another network. unclear_until: when it
-- ends as unknown, since its carrier reported that it does not know; null: it did not.
alter table live add column reroutes integer not null default 0 check (reroutes between 0 and 1);
alter table live add column unclear_until integer;
create index live_unclear on live (unclear_until) where unclear_until is not null;
