-- Every part ended in a way that there is, and only a part that nobody wants to hear of ends as taken by its carrier. One look at
-- `ended`.
select format('%x', part_id), format('%s by %s', status, ended_by)
from ended
where not (
  (ended_by = 'receipt' and status in ('delivered', 'expired', 'failed', 'rejected', 'unknown'))
  or (ended_by = 'answer' and status = 'accepted')
  or (ended_by = 'refusal' and status in ('failed', 'rejected', 'expired'))
  or (ended_by = 'doubt' and status = 'unknown')
  or (ended_by = 'cancel' and status = 'failed')
  or (ended_by = 'clock' and status in ('expired', 'unknown'))
  or (ended_by = 'fault' and status = 'unknown')
)
