-- A part is submitted again only after an attempt that was refused, given back or left in doubt. `attempt` once and, for the attempt
-- before, by its primary key; the open attempt is the row of `live`.
select format('%x', a.part_id), format('attempt %d came after one that was %s', a.number, p.outcome)
from attempt a
join attempt p on p.part_id = a.part_id
  and p.number = (select max(b.number) from attempt b where b.part_id = a.part_id and b.number < a.number)
where a.number > 1 and p.outcome in ('sent', 'overtaken')
union all
select format('%x', l.part_id), format('attempt %d came after one that was %s', l.attempt, p.outcome)
from live l
join attempt p on p.part_id = l.part_id
  and p.number = (select max(b.number) from attempt b where b.part_id = l.part_id and b.number < l.attempt)
where l.state = 1 and p.outcome in ('sent', 'overtaken')
union all
select format('%x', l.part_id), format('queued after attempt %d, which was %s', p.number, p.outcome)
from live l
join attempt p on p.part_id = l.part_id
  and p.number = (select max(b.number) from attempt b where b.part_id = l.part_id and b.number <= l.attempt)
where l.state = 0 and p.outcome in ('sent', 'overtaken')
