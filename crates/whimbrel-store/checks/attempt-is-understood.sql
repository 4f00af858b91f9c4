-- Every attempt ended in a way that there is. One look at `attempt`.
select format('%x', part_id), format('attempt %d: %s', number, outcome)
from attempt
where outcome not in ('sent', 'refused', 'doubt', 'given-back', 'overtaken')
