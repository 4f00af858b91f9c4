-- What belongs to an account belongs to one that there is. Each table once; accounts by their primary key.
select what, format('account %x', account_id)
from (
  select format('message %x', id) as what, account_id from message
  union all select 'endpoint ' || kind, account_id from endpoint
  union all select format('secret %d', slot), account_id from account_secret
  union all select 'number ' || number, account_id from number
  union all select format('text %x', id), account_id from inbound where account_id is not null
  union all select 'list ' || kind, account_id from list_entry where account_id <> 0
)
where account_id not in (select id from account)
