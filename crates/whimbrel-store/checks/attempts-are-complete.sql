-- Every attempt of a part is recorded once, from 1 on without a gap. `attempt` once in the order of its primary key, parts by
-- theirs; then parts whose attempts are not there at all.
with tried (part_id, count, last) as (
  select part_id, count(*), max(number) from attempt group by part_id
)
select format('%x', t.part_id),
  iif(l.part_id is null and e.part_id is null, 'attempts without a part',
    format('%d attempts recorded, the last is %d, the part had %d', t.count, t.last,
      coalesce(e.attempts, l.attempt - (l.state = 1))))
from tried t
left join live l on l.part_id = t.part_id
left join ended e on e.part_id = t.part_id
where not coalesce(t.count = t.last and t.last = coalesce(e.attempts, l.attempt - (l.state = 1)), 0)
union all
select format('%x', l.part_id), format('none of %d attempts is recorded', l.attempt - (l.state = 1))
from live l
where l.attempt > (l.state = 1)
  and not exists (select 1 from attempt a where a.part_id = l.part_id)
union all
select format('%x', e.part_id), format('none of %d attempts is recorded', e.attempts)
from ended e
where e.attempts > 0
  and not exists (select 1 from attempt a where a.part_id = e.part_id)
