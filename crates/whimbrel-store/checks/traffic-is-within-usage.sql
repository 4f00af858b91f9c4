-- What carriers did in the hours of a day is no more than what accounts did on it: both are counted together, but usage is kept of
-- messages that were removed before carriers were counted. Both tables once.
select format('day %d', day), format('carriers have %d parts and %d ends, accounts %d and %d', parts, ends, used_parts, used_ends)
from (
  select t.day, t.parts, t.ends, coalesce(sum(u.parts), 0) as used_parts, coalesce(sum(u.delivered + u.failed), 0) as used_ends
  from (
    select hour / 24 as day, sum(parts) as parts, sum(delivered + failed) as ends from traffic_hour group by hour / 24
  ) t
  left join usage_day u on u.day = t.day
  group by t.day
)
where parts > used_parts or ends > used_ends
