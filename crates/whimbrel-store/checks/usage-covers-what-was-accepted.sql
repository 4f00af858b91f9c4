-- What is counted of a day is no less than the messages of that day that are still there, and of its parts no more ended than there
-- were. One look at `message`, days by their primary key; one look at `usage_day`.
with kept (account_id, day, messages, parts) as (
  -- Ids count milliseconds since 2025, above 19 bits.
  select account_id, ((id >> 19) + 1735689600000) / 86400000, count(*), sum(part_count)
  from message
  group by 1, 2
)
select format('%x', k.account_id), format('day %d: %d messages are counted, %d are there', k.day, coalesce(u.messages, 0), k.messages)
from kept k
left join usage_day u on u.account_id = k.account_id and u.day = k.day
where k.messages > coalesce(u.messages, 0) or k.parts > coalesce(u.parts, 0)
union all
select format('%x', account_id), format('day %d: %d of %d parts ended', day, delivered + failed, parts)
from usage_day
where delivered + failed > parts
