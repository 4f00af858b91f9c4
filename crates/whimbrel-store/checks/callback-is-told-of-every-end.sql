-- The end of a part whose message names a callback is told there: the webhook waits, or was tried to its end. A message that is told
-- as a whole is told of one end for all: of the first that is no delivery, or of the last delivery. One look at `ended`; messages and notices by their
-- primary keys, parts besides by the indexes ended_of_message and live_of_message, the story by the primary key of `event`.
with untold (part_id, message_id, status, part_count) as (
  select e.part_id, e.message_id, e.status, m.part_count
  from ended e
  join message m on m.id = e.message_id
  where m.callback is not null and m.receipt_wanted <> 0 and e.ended_by not in ('answer', 'fault', 'cancel')
    and not exists (select 1 from notice n where n.id = e.operation)
    and not exists (
      select 1 from event v where v.message_id = e.message_id and v.sequence = e.operation and v.what = 'webhook'
    )
)
select format('%x', u.part_id), 'its callback was never told'
from untold u
where u.part_count = 1
  or not (
    (u.status = 'delivered' and (
      exists (select 1 from live l where l.part_id = u.message_id and l.tell in (4, 6))
      or exists (select 1 from live l where l.message_id = u.message_id and l.number > 1 and l.tell in (4, 6))))
    or exists (
      select 1
      from (
        select operation from ended where part_id = u.message_id
        union all
        select operation from ended where message_id = u.message_id and number > 1
      ) o
      where exists (select 1 from notice n where n.id = o.operation)
        or exists (
          select 1 from event v where v.message_id = u.message_id and v.sequence = o.operation and v.what = 'webhook'
        )
    )
  )
