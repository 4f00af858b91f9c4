-- Every webhook that waits tells of a part of its message, or of a text that came in; to an application, of a whole one. One look at
-- `notice`; the others by their primary keys.
select format('%x', n.id), 'tells of nothing that is there'
from notice n
left join live l on l.part_id = n.part_id
left join ended e on e.part_id = n.part_id
left join inbound i on i.id = n.inbound_id
where not coalesce(iif(n.inbound_id is null,
    coalesce(l.message_id, e.message_id) = n.message_id and coalesce(l.number, e.number) = n.part_number
      and n.application is null and exists (select 1 from message m where m.id = n.message_id),
    i.id is not null and i.account_id is not null and (n.application is null or i.id = i.group_id)), 0)
