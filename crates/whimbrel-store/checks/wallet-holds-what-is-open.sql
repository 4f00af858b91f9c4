-- What a wallet says is held is the sum of the prices of the open parts that hold theirs. One look at `live`.
with holding (account_id, amount) as (
  select account_id, sum(price) from live where funds = 0 group by account_id
)
select format('%x', w.account_id), format('open parts hold %d, the wallet says %d', coalesce(h.amount, 0), w.held)
from wallet w
left join holding h on h.account_id = w.account_id
where w.held <> coalesce(h.amount, 0)
