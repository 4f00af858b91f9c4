-- Documents that only a dialect understands, such as applications: one row each, found by their key, listed by their account.
-- json: the dialect's own. public_key: in PEM, what verifies tokens of the document's owner; old_key: the one before it, which
-- still does until then. secret: sealed, where a document has one. version: rises with every change.
create table dialect_doc (
  dialect text not null,
  kind text not null,
  key text not null,
  account_id integer not null,
  version integer not null,
  json text not null,
  public_key text,
  old_key text,
  old_key_until integer,
  secret blob,
  made_at integer not null,
  primary key (dialect, kind, key),
  check ((old_key is null) = (old_key_until is null))
) strict, without rowid;
create index dialect_doc_by_account on dialect_doc (account_id, dialect, kind, made_at, key);
