-- Every account has a wallet, and every wallet an account. Both by their primary keys.
select format('%x', a.id), 'an account without a wallet'
from account a
where not exists (select 1 from wallet w where w.account_id = a.id)
union all
select format('%x', w.account_id), 'a wallet without an account'
from wallet w
where not exists (select 1 from account a where a.id = w.account_id)
