-- A part is submitted again only after an attempt that was refused, given back or left in doubt, or, once, after a receipt that said
-- that its number is in another network. `attempt` once and, for the attempt before, by its primary key; the open attempt is the row of
-- `live`; parts by their primary keys, the story by that of `event`, which is looked at once more.
select format('%x', a.part_id), format('attempt %d came after one that was %s', a.number, p.outcome)
from attempt a
join attempt p on p.part_id = a.part_id
  and p.number = (select max(b.number) from attempt b where b.part_id = a.part_id and b.number < a.number)
where a.number > 1 and p.outcome in ('sent', 'overtaken')
  and not (p.outcome = 'sent' and exists (
    select 1
    from (
      select message_id, number from live where part_id = a.part_id
      union all
      select message_id, number from ended where part_id = a.part_id
    ) o
    join event v on v.message_id = o.message_id and v.part_number = o.number and v.what = 'rerouted'
  ))
union all
select format('%x', l.part_id), format('attempt %d came after one that was %s', l.attempt, p.outcome)
from live l
join attempt p on p.part_id = l.part_id
  and p.number = (select max(b.number) from attempt b where b.part_id = l.part_id and b.number < l.attempt)
where l.state = 1 and p.outcome in ('sent', 'overtaken') and not (p.outcome = 'sent' and l.reroutes > 0)
union all
select format('%x', l.part_id), format('queued after attempt %d, which was %s', p.number, p.outcome)
from live l
join attempt p on p.part_id = l.part_id
  and p.number = (select max(b.number) from attempt b where b.part_id = l.part_id and b.number <= l.attempt)
where l.state = 0 and p.outcome in ('sent', 'overtaken') and not (p.outcome = 'sent' and l.reroutes > 0)
union all
select format('%x', message_id), format('part %d went to another network %d times', part_number, count(*))
from event
where what = 'rerouted'
group by message_id, part_number
having count(*) > 1
