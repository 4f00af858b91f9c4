-- Every signature secret and every secret of an operator's app is sealed at its place, and what is sealed is one of these or a
-- document's. `sealed` and `signature_secret` once, each by the primary key of the other; operators and documents are read once.
with place (name) as (
  select format('signature secret %d of account %d', id, account_id) from signature_secret
  union all
  select format('app secret of operator %d', id) from operator where totp_on is not null
)
select p.name, 'there is no such sealed secret'
from place p
where not exists (select 1 from sealed s where s.place = p.name)
union all
select s.place, 'sealed for nothing that is there'
from sealed s
where s.place not in (select name from place)
  and s.place not in (select format('document %s/%s/%s of account %x', dialect, kind, key, account_id) from dialect_doc)
