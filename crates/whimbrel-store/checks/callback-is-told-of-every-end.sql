-- The end of a part whose message names a callback is told there: the webhook waits, or was tried to its end. One look at `ended`;
-- messages and notices by their primary keys, the story by that of `event`.
select format('%x', e.part_id), 'its callback was never told'
from ended e
join message m on m.id = e.message_id
where m.callback is not null and m.receipt_wanted <> 0 and e.ended_by <> 'answer'
  and not exists (select 1 from notice n where n.id = e.operation)
  and not exists (
    select 1 from event v where v.message_id = e.message_id and v.sequence = e.operation and v.what = 'webhook'
  )
