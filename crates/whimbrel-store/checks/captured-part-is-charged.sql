-- A part that is marked as captured has its charge, unless it is free. One look at `live` and `ended`; charges and messages by
-- their primary keys. (The plus: a cause has no type of its own, and compared with a column of integers its index could not be used.)
select format('%x', l.part_id), 'captured and not charged'
from live l
where l.funds = 1 and l.price > 0
  and not exists (select 1 from transfer t where t.kind = 1 and t.cause = +l.part_id)
union all
select format('%x', e.part_id), 'captured and not charged'
from ended e
where e.funds = 1
  and not exists (select 1 from transfer t where t.kind = 1 and t.cause = +e.part_id)
  and exists (select 1 from message m where m.id = e.message_id and m.price > 0)
