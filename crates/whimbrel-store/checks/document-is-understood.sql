-- Every document is one that its dialect can read, with a version, and with an old key only as long as that has an end. Consumers of
-- OAuth, and grants, have a name instead. A hook's headers are sealed, and not in its document. One look at `dialect_doc`.
select format('%s/%s of account %x', dialect, kind, account_id), format('version %d', version)
from dialect_doc
where (case when kind in ('oauth-consumer', 'oauth-grant') then json = '' else not json_valid(json) end)
  or version < 1
  or (kind = 'hook' and json ->> '$.headers' is not null)
  or takes_texts not in (0, 1)
  or (old_key is null) <> (old_key_until is null)
  or (old_key is not null and public_key is null)
