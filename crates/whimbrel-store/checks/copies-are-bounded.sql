-- Doubt has a part submitted again at most twice, the most that a policy may allow. `attempt` by its primary key; the open attempt is
-- the row of `live`.
select format('%x', d.part_id), format('submitted again %d times after doubt', count(*))
from attempt d
where d.outcome = 'doubt'
  and (
    exists (select 1 from attempt n where n.part_id = d.part_id and n.number = d.number + 1)
    or exists (select 1 from live l where l.part_id = d.part_id and l.state = 1 and l.attempt = d.number + 1)
  )
group by d.part_id
having count(*) > 2
