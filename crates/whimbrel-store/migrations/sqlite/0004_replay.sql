-- What accounts used once: signatures and nonces, until nobody can use them any more.

-- kind 0: a signature, used_by is its message; 1: a nonce, used_by is the request. A signature's mark begins with the second it was
-- made in: what is used at the same time stands together, and the oldest first. Nonces have no order, and an index by expiry.
create table replay (
  mark blob not null check (length(mark) = 32),
  account_id integer not null,
  kind integer not null check (kind in (0, 1)),
  used_by integer not null,
  expires_at integer not null,
  primary key (kind, mark, account_id)
) strict, without rowid;
create index replay_expiry on replay (expires_at) where kind = 1;

-- The latest expiry of anything that was forgotten: what expires no later may have been used.
alter table meta add column replay_forgotten integer not null default 0;
