-- A payment's cause begins with its account, so that the same payment twice is one row. By the primary key of `transfer`.
select t.cause, format('paid to account %x', t.credit)
from transfer t
where t.kind = 2
  and (typeof(t.cause) <> 'text' or substr(t.cause, 1, length(format('%x/', t.credit))) <> format('%x/', t.credit))
