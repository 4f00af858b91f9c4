-- Every id of a carrier by which receipts are matched leads to a part, or to one that was removed because it was old. One look at
-- `pidx`; parts by their primary keys.
select format('%x', i.part_id), format('carrier %d', i.carrier)
from pidx i
where not exists (select 1 from live l where l.part_id = i.part_id)
  and not exists (select 1 from ended e where e.part_id = i.part_id)
  and i.part_id > (select pruned_to from meta)
