-- An open part holds its price until a carrier took it, and then as its price plan says; what went on to another carrier was taken once.
-- One look at `live`.
select format('%x', part_id), format('state %d, capture on %d, funds %d', state, capture_on, funds)
from live
where funds <> case when (state = 3 or reroutes > 0) and capture_on = 0 then 1 else 0 end
