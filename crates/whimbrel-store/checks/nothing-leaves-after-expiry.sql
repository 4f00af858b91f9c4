-- No part was claimed after its message had expired. `attempt` once in the order of its primary key; parts and messages by theirs.
select format('%x', a.part_id), format('attempt %d was claimed at %d, expired at %d', a.number, a.claimed_at, m.expires_at)
from attempt a
left join live l on l.part_id = a.part_id
left join ended e on e.part_id = a.part_id
join message m on m.id = coalesce(l.message_id, e.message_id)
where a.claimed_at >= m.expires_at
union all
select format('%x', part_id), format('the open attempt was claimed at %d, expired at %d', state_at, expires_at)
from live
where state = 1 and state_at >= expires_at
