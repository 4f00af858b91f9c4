-- Every purchase that is not free was paid once, its amount by its account, and nothing else was paid for as one. `transfer` and
-- `purchase` by their primary keys, one for the other.
select format('%x', p.id), iif(t.cause is null, 'was never paid', format('cost %d, paid %d', p.amount, t.amount))
from purchase p
left join transfer t on t.kind = 3 and t.cause = p.id
where p.amount <> coalesce(t.amount, 0) or p.account_id <> coalesce(t.debit, p.account_id)
union all
select cast(t.cause as text), format('paid %d for no purchase', t.amount)
from transfer t
where t.kind = 3
  and not exists (select 1 from purchase p where p.id = t.cause)
