-- Every account has one secret at least, one signature secret that is good, and at most one more that ends. By the primary keys.
select format('%x', a.id), 'without a secret, or not with one current and at most one ending signature secret'
from account a
where not exists (select 1 from secret s where s.account_id = a.id)
  or (select count(*) from signature_secret g where g.account_id = a.id and g.ends_at is null) <> 1
  or (select count(*) from signature_secret g where g.account_id = a.id and g.ends_at is not null) > 1
