-- The tries of a webhook that failed are in its message's story. One look at `notice`; texts that came in by their primary key, the
-- story by that of `event`.
select format('%x', n.id), format('failed %d times', n.failures)
from notice n
left join inbound i on i.id = n.inbound_id
where n.failures <> (
    select count(*) from event v
    where v.message_id = coalesce(n.message_id, i.group_id) and v.sequence = n.id and v.what = 'webhook'
  )
