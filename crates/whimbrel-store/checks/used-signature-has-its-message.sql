-- A signature that was used is answered by the message that it sent, which is its account's, and no use is by an id above the mark from
-- which the next process goes on. One look at `replay`; messages by their primary key.
select format('%x', r.used_by), format('used by account %x', r.account_id)
from meta
join replay r
left join message m on m.id = r.used_by
where r.kind not in (0, 1)
  or r.used_by > meta.high_water
  or (r.kind = 0 and ((m.id is null and r.used_by > meta.pruned_to) or m.account_id <> r.account_id))
