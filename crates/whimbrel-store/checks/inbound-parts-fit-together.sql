-- Parts of a text that came in agree with its first one, and none is there twice. One look at `inbound`; the first part by its primary
-- key, places by the index inbound_of_group.
select format('%x', i.id), format('part %d of %d in text %x', i.sequence, i.total, i.group_id)
from inbound i
left join inbound g on g.id = i.group_id
where g.id is null
  or g.group_id <> g.id
  or i.sequence not between 1 and i.total
  or (i.total, i.sender, i.number, i.carrier) <> (g.total, g.sender, g.number, g.carrier)
  or i.account_id is not g.account_id
union all
select format('%x', group_id), format('part %d is there %d times', sequence, count(*))
from inbound
group by group_id, sequence
having count(*) > 1
