-- A subaccount is one of its own kind: an account of the same dialect and currency as the one above it, which is below none itself. By
-- the primary keys of `account` and `subaccount`.
select format('%x', s.account_id), format('below %x', s.parent_id)
from subaccount s
left join account a on a.id = s.account_id
left join account p on p.id = s.parent_id
where not coalesce(a.dialect = p.dialect and a.currency = p.currency, 0)
  or exists (select 1 from subaccount above where above.account_id = s.parent_id)
