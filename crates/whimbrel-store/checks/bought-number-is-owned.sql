-- A number that was bought and not given back is its buyer's, and was bought once. One look at `purchase`; numbers by their primary
-- key, purchases of the same number by the index purchase_by_number.
select format('%x', p.id), iif(n.number is null, 'nobody owns the number', 'the number is not its buyer''s, or was sold twice')
from purchase p
left join number n on n.number = p.number
where p.ended_at is null
  and not (n.number is not null and n.account_id = p.account_id
    and not exists (select 1 from purchase o where o.number = p.number and o.id <> p.id and o.ended_at is null))
