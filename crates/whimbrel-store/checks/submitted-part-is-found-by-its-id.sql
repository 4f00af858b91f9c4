-- A receipt for a part that waits for one will find it. One look at `live`, against the parts in `pidx`, gathered once.
select format('%x', part_id), 'no receipt would find it'
from live
where state = 3 and trim(carrier_message_id, char(9, 10, 13, 32)) <> ''
  and part_id not in (select part_id from pidx)
