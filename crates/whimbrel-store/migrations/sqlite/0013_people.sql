-- Who looks after the gateway, and what they did; and what they look at.

-- verifier, salt, memory_kib, passes: of the password, as in `secret`. totp_on: since when codes of an app are asked for; null: they are
-- not. The secret that they are made from is in `sealed`. totp_step: the last step whose code was used: none up to it is taken again.
create table operator (
  id integer primary key,
  name text not null unique,
  role text not null check (role in ('operator', 'viewer')),
  key_id integer not null,
  verifier blob not null check (length(verifier) = 32),
  salt blob not null check (length(salt) = 16),
  memory_kib integer not null,
  passes integer not null,
  totp_on integer,
  totp_step integer not null default 0,
  created_at integer not null,
  changed_at integer not null
) strict;

-- Codes that stand in for the app, each good once. Digests, as of generated secrets.
create table recovery_code (
  operator_id integer not null,
  key_id integer not null,
  digest blob not null check (length(digest) = 32),
  primary key (operator_id, digest)
) strict, without rowid;

-- What people did, newest last. person: operator:NAME, owner:DIALECT:KEY, admin-token or this-machine. source: the address. act: what,
-- such as POST accounts/x/topup; subject: more of it. status: what it was answered; 0: nothing yet. Never a secret, a text or a whole number of a subscriber.
create table audit (
  id integer primary key,
  at integer not null,
  person text not null,
  source text not null,
  act text not null,
  subject text not null,
  status integer not null
) strict;

-- What carriers did in an hour (UTC, counted from 1970, of the ids of the messages). Of what was accepted the carrier is the one that was
-- planned, of what ended the one that had it; of ends before this version the planned one as well.
create table traffic_hour (
  hour integer not null,
  carrier integer not null,
  messages integer not null check (messages >= 0),
  parts integer not null check (parts >= 0),
  delivered integer not null check (delivered >= 0),
  failed integer not null check (failed >= 0),
  primary key (hour, carrier)
) strict, without rowid;

-- Ids count milliseconds since 2025, above 19 bits.
insert into traffic_hour
select hour, carrier, sum(messages), sum(parts), sum(delivered), sum(failed)
from (
  select ((id >> 19) + 1735689600000) / 3600000 as hour, carrier, 1 as messages, part_count as parts, 0 as delivered, 0 as failed
  from message
  union all
  select ((m.id >> 19) + 1735689600000) / 3600000, m.carrier, 0, 0, e.status = 'delivered',
    e.status in ('expired', 'failed', 'rejected')
  from ended e
  join message m on m.id = e.message_id
)
group by hour, carrier;
