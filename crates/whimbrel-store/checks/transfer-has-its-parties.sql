-- A capture (1) and a purchase (3) go from a customer to our revenue (-1), a payment (2), also one that was called up (4), from what
-- was paid in (-2) to a customer; a move (5) from an account to its subaccount, or back. Both sides of a transfer have one amount, so with this the ledger of each currency sums to zero. One
-- look at `transfer`; wallets by their primary key.
select cast(t.cause as text), format('kind %d, from %d to %d, amount %d', t.kind, t.debit, t.credit, t.amount)
from transfer t
where not coalesce(case
    when t.kind in (1, 3) then t.credit = -1 and exists (select 1 from wallet w where w.account_id = t.debit)
    when t.kind = 5 then exists (
      select 1 from subaccount s
      where s.account_id in (t.debit, t.credit) and s.parent_id in (t.debit, t.credit) and s.account_id <> s.parent_id
    )
    when t.kind in (2, 4) then t.debit = -2 and exists (select 1 from wallet w where w.account_id = t.credit)
  end and t.amount > 0 and (t.kind = 2 or typeof(t.cause) = 'integer'), 0)
