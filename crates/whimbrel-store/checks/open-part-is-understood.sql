-- Every open part is in a state that there is. One look at `live`.
select format('%x', part_id), 'a state, a count or a code that no version wrote'
from live
where state not between 0 and 3
  or funds not between 0 and 2
  or capture_on not in (0, 1)
  or class not in (0, 1)
  or tell not between 0 and 7
  or told not in ('accepted', 'buffered')
  or attempt < 0
  or failures < 0
  or doubts < 0
  or reroutes not in (0, 1)
  or (reroutes > 0 and attempt = 0)
  or price < 0
  or (state <> 0 and attempt = 0)
