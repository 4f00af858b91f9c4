-- A part that ended holds nothing; delivered is paid, refused and in doubt is not, unless a carrier had taken it before. One look at
-- `ended`; attempts by their primary key.
select format('%x', part_id), format('%s by %s, funds %d', status, ended_by, funds)
from ended
where funds = 0
  or (funds <> 1 and (status = 'delivered' or ended_by = 'answer'))
  or (
    funds <> 2
    and (ended_by in ('refusal', 'doubt') or (ended_by = 'clock' and status = 'unknown'))
    and not exists (select 1 from attempt a where a.part_id = ended.part_id and a.outcome = 'sent' and a.number < ended.attempts)
  )
