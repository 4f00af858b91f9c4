-- What a wallet says is left of each credit is what was given, without what open parts hold of it and what was captured. One look at
-- `transfer`, `live` and `split`.
with moved (account_id, bucket, amount) as (
  select credit, bucket, amount from transfer where kind = 2 and bucket in (1, 2)
  union all
  select debit, bucket, -amount from transfer where kind = 1 and bucket in (1, 2)
  union all
  select account_id, bucket, -price from live where funds = 0 and bucket in (1, 2)
  union all
  select account_id, 1, -bonus_credit from split
  union all
  select account_id, 2, -free_credit from split
),
credit (account_id, bonus, free) as (
  select account_id, sum(iif(bucket = 1, amount, 0)), sum(iif(bucket = 2, amount, 0)) from moved group by account_id
)
select format('%x', w.account_id),
  format('the ledger leaves %d bonus and %d free credit, the wallet says %d and %d', coalesce(c.bonus, 0), coalesce(c.free, 0),
    w.bonus_credit, w.free_credit)
from wallet w
left join credit c on c.account_id = w.account_id
where w.bonus_credit <> coalesce(c.bonus, 0) or w.free_credit <> coalesce(c.free, 0)
