-- Every part has a message that counts it; the first one has its number. One look at `live` and `ended`; messages by their primary
-- key.
select format('%x', p.part_id), iif(m.id is null, 'a part without a message', format('part %d of %d', p.number, m.part_count))
from (
  select part_id, message_id, number from live
  union all
  select part_id, message_id, number from ended
) p
left join message m on m.id = p.message_id
where not coalesce(p.number between 1 and m.part_count and (p.number = 1) = (p.part_id = p.message_id), 0)
