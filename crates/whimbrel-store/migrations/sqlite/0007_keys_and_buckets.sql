-- Secret keys: secrets that name their account by themselves. mode: live or test; null: the secret is shown beside the account's key.
-- A secret key is found by its digest, whatever account it names.
alter table secret add column mode text check (mode in ('live', 'test'));
create unique index secret_key on secret (verifier) where mode is not null;
