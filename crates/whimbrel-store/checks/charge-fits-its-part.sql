-- Every capture is of a part that is marked as captured, at the price that was told, from the account that sent it; or of one that was
-- removed because it was old. By the primary key of `transfer`; parts and messages by theirs.
select format('%x', t.cause),
  case
    when m.id is null then 'a charge without a part'
    when coalesce(l.funds, e.funds) <> 1 then 'the part was charged and is not marked as captured'
    when t.amount <> m.price then format('charged %d, told %d', t.amount, m.price)
    else format('charged to %x, sent by %x', t.debit, m.account_id)
  end
from transfer t
left join live l on l.part_id = t.cause
left join ended e on e.part_id = t.cause
left join message m on m.id = coalesce(l.message_id, e.message_id)
where t.kind = 1
  and not coalesce(coalesce(l.funds, e.funds) = 1 and t.amount = m.price and t.debit = m.account_id, 0)
  and not (l.part_id is null and e.part_id is null and t.cause <= (select pruned_to from meta))
