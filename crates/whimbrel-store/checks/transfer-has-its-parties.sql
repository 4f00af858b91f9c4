-- A capture goes from a customer to our revenue (-1), a payment from what was paid in (-2) to a customer. Both sides of a transfer
-- have one amount, so with this the ledger of each currency sums to zero. One look at `transfer`; wallets by their primary key.
select cast(t.cause as text), format('kind %d, from %d to %d, amount %d', t.kind, t.debit, t.credit, t.amount)
from transfer t
where not coalesce(case t.kind
    when 1 then t.credit = -1 and exists (select 1 from wallet w where w.account_id = t.debit)
    when 2 then t.debit = -2 and exists (select 1 from wallet w where w.account_id = t.credit)
  end and t.amount > 0, 0)
