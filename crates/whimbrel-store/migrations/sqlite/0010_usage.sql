-- What an account did on a day (UTC, counted from 1970, of the ids of its messages): so that nobody has to count messages, and so
-- that it stays known when messages are removed. spent: prices of the parts accepted, without those that were given back.
create table usage_day (
  account_id integer not null,
  day integer not null,
  messages integer not null check (messages >= 0),
  parts integer not null check (parts >= 0),
  delivered integer not null check (delivered >= 0),
  failed integer not null check (failed >= 0),
  spent integer not null check (spent >= 0),
  primary key (account_id, day)
) strict, without rowid;

-- Ids count milliseconds since 2025, above 19 bits.
insert into usage_day
select account_id, day, sum(messages), sum(parts), sum(delivered), sum(failed), max(sum(spent), 0)
from (
  select account_id, ((id >> 19) + 1735689600000) / 86400000 as day, 1 as messages, part_count as parts, 0 as delivered,
    0 as failed, price * part_count as spent
  from message
  union all
  select m.account_id, ((m.id >> 19) + 1735689600000) / 86400000, 0, 0, e.status = 'delivered',
    e.status in ('expired', 'failed', 'rejected'), case e.funds when 2 then -m.price else 0 end
  from ended e
  join message m on m.id = e.message_id
  union all
  select m.account_id, ((m.id >> 19) + 1735689600000) / 86400000, 0, 0, 0, 0, -m.price
  from live l
  join message m on m.id = l.message_id
  where l.funds = 2
)
group by account_id, day;
