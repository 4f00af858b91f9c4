-- What belongs to an account belongs to one that there is. Each table once; accounts by their primary key.
select what, format('account %x', account_id)
from (
  select format('message %x', id) as what, account_id from message
  union all select 'endpoint ' || kind, account_id from endpoint
  union all select 'secret', account_id from secret
  union all select format('signature secret %x', id), account_id from signature_secret
  union all select 'number ' || number, account_id from number
  union all select format('purchase %x', id), account_id from purchase
  union all select 'arranged payment', account_id from reload
  union all select format('use %x', used_by), account_id from replay
  union all select format('refused request %x', id), account_id from rejection
  union all select format('text %x', id), account_id from inbound where account_id is not null
  union all select 'list ' || kind, account_id from list_entry where account_id <> 0
  union all select format('usage of day %d', day), account_id from usage_day
  union all select format('document of %s/%s', dialect, kind), account_id from dialect_doc
)
where account_id not in (select id from account)
