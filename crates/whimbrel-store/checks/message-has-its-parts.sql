-- Every accepted message has all its parts, open or ended. One look at `message`; first parts by their primary keys, the others by
-- the partial indexes live_of_message and ended_of_message.
select format('%x', m.id), format('not all of its %d parts are there', m.part_count)
from message m
where not exists (select 1 from live l where l.part_id = m.id)
  and not exists (select 1 from ended e where e.part_id = m.id)
union all
select format('%x', m.id), format('not all of its %d parts are there', m.part_count)
from message m
where m.part_count > 1
  and m.part_count - 1 <> (
    select count(distinct number) from (
      select l.number from live l where l.message_id = m.id and l.number > 1
      union all
      select e.number from ended e where e.message_id = m.id and e.number > 1
    )
  )
