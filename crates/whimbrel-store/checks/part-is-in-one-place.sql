-- No part is open and ended, and no place in a message is taken twice. `live` once, `ended` by its primary key; places by the
-- partial indexes live_of_message and ended_of_message.
select format('%x', l.part_id), 'open and ended'
from live l
where exists (select 1 from ended e where e.part_id = l.part_id)
union all
select format('%x', message_id), format('two open parts %d', number)
from live
where number > 1
group by message_id, number
having count(*) > 1
union all
select format('%x', message_id), format('two ended parts %d', number)
from ended
where number > 1
group by message_id, number
having count(*) > 1
