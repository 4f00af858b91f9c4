-- What a wallet says is posted is the sum of its transfers. The ledger is read once for each side; wallets by their primary key.
with moved (account_id, amount) as (
  select credit, sum(amount) from transfer group by credit
  union all
  select debit, -sum(amount) from transfer group by debit
),
posted (account_id, amount) as (
  select account_id, sum(amount) from moved group by account_id
)
select format('%x', w.account_id), format('the ledger adds up to %d, the wallet says %d', coalesce(p.amount, 0), w.posted)
from wallet w
left join posted p on p.account_id = w.account_id
where w.posted <> coalesce(p.amount, 0)
