-- What counts as spent on a day is no more than the parts accepted on it cost that were not given back: nobody is refused for what
-- they did not spend. It may be less on the day on which a store of the version before is opened. Left out are days of which
-- messages may have been removed because they are old, and accounts of which a message was accepted on another day than its id was made (around midnight, or with a clock that was set back), or a long one in the
-- last minute of the day, whose parts may have ids of the next. Messages by the index message_by_account; parts by their primary keys
-- and the partial indexes live_of_message and ended_of_message.
with today (account_id, spent, made_from, made_until, opens_at, closes_at) as (
  -- Ids count milliseconds since 2025, above 19 bits.
  select account_id, spent, (spent_day * 86400000 - 1735689600000) << 19, ((spent_day + 1) * 86400000 - 1735689600000) << 19,
    spent_day * 86400000000, (spent_day + 1) * 86400000000
  from wallet
  where spent > 0
),
cost (account_id, amount) as (
  select t.account_id, m.price * (
      m.part_count
      - (select count(*) from live l where l.part_id = m.id and l.funds = 2)
      - (select count(*) from ended e where e.part_id = m.id and e.funds = 2)
      - (select count(*) from live l where l.message_id = m.id and l.number > 1 and l.funds = 2)
      - (select count(*) from ended e where e.message_id = m.id and e.number > 1 and e.funds = 2)
    )
  from today t
  join message m on m.account_id = t.account_id and m.id >= t.made_from and m.id < t.made_until
),
accepted (account_id, amount) as (
  select account_id, sum(amount) from cost group by account_id
)
select format('%x', t.account_id), format('%d counts as spent, %d was', t.spent, coalesce(a.amount, 0))
from today t
left join accepted a on a.account_id = t.account_id
where t.spent > coalesce(a.amount, 0)
  and t.made_from > (select pruned_to from meta)
  and not exists (
    select 1 from message m
    where m.account_id = t.account_id
      and (
        (m.id >= t.made_from and m.id < t.made_until) <> (m.accepted_at >= t.opens_at and m.accepted_at < t.closes_at)
        or (m.part_count > 1 and m.id >= t.made_until - (60000 << 19) and m.id < t.made_until)
      )
  )
