-- Every attempt of a part is recorded once. A number that no attempt has was used up when the part was handed on before it was claimed,
-- which its story says. `attempt` once in the order of its primary key, parts by theirs, the story by that of `event`.
with tried (part_id, count, first, last) as (
  select part_id, count(*), min(number), max(number) from attempt group by part_id
),
part (part_id, message_id, number, attempts) as (
  select part_id, message_id, number, attempt - (state = 1) from live
  union all
  select part_id, message_id, number, attempts from ended
)
select format('%x', t.part_id), 'attempts without a part'
from tried t
where not exists (select 1 from live l where l.part_id = t.part_id)
  and not exists (select 1 from ended e where e.part_id = t.part_id)
union all
select format('%x', p.part_id),
  format('%d attempts recorded, the last is %d, the part had %d', coalesce(t.count, 0), coalesce(t.last, 0), p.attempts)
from part p
left join tried t on t.part_id = p.part_id
where p.attempts <> coalesce(t.count, 0)
  and (
    coalesce(t.last, 0) > p.attempts
    or p.attempts - coalesce(t.count, 0) > (
      select count(*)
      from event v
      where v.message_id = p.message_id and v.part_number = p.number and v.what = 'handed-on'
    )
  )
union all
select format('%x', part_id), format('there is an attempt %d', first)
from tried
where first < 1
