-- A part that was paid from several buckets says how, and no other part does; its shares are of two buckets at least and no more than
-- its price. One look at `split`; parts and charges by their primary keys.
with paid (part_id, account_id, price) as (
  select part_id, account_id, price from live where bucket = 3 and funds = 0
  union all
  select cause, debit, amount from transfer where kind = 1 and bucket = 3
)
select format('%x', p.part_id), 'paid from several buckets, and nothing says from which'
from paid p
where not exists (select 1 from split s where s.part_id = p.part_id)
union all
select format('%x', s.part_id), format('%d free and %d bonus credit of a price of %d', s.free_credit, s.bonus_credit, p.price)
from split s
left join paid p on p.part_id = s.part_id
where not coalesce(p.account_id = s.account_id and s.free_credit + s.bonus_credit <= p.price
  and max(s.free_credit, s.bonus_credit, p.price - s.free_credit - s.bonus_credit) < p.price, 0)
