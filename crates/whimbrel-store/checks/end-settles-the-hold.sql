-- A part that ended holds nothing; delivered is paid, refused and in doubt is not. One look at `ended`.
select format('%x', part_id), format('%s by %s, funds %d', status, ended_by, funds)
from ended
where funds = 0
  or (funds <> 1 and (status = 'delivered' or ended_by = 'answer'))
  or (funds <> 2 and (ended_by in ('refusal', 'doubt') or (ended_by = 'clock' and status = 'unknown')))
