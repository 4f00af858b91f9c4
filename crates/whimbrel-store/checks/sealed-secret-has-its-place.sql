-- Every signature secret is sealed at its place, and what is sealed is such a secret or a document's. `sealed` and `signature_secret`
-- once, each by the primary key of the other; documents are read once.
with place (name) as (
  select format('signature secret %d of account %d', id, account_id) from signature_secret
)
select p.name, 'there is no such sealed secret'
from place p
where not exists (select 1 from sealed s where s.place = p.name)
union all
select s.place, 'sealed for nothing that is there'
from sealed s
where s.place not in (select name from place)
  and s.place not in (select format('document %s/%s/%s of account %x', dialect, kind, key, account_id) from dialect_doc)
