-- Documents that only a dialect understands, such as applications: one row each, found by their key, listed by their account.
-- json: the dialect's own. public_key: in PEM, what verifies tokens of the document's owner; old_key: the one before it, which
-- still does until then. version: rises with every change. takes_texts:
-- texts that come in for its numbers are told to it. A document's secret is in the table `sealed`.
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
  takes_texts integer not null default 0,
  made_at integer not null,
  primary key (dialect, kind, key),
  check ((old_key is null) = (old_key_until is null))
) strict, without rowid;
-- form: in which of the dialect's forms receipts are told. application: the UUID of the one that sent, in 16 octets.
alter table message add column form integer not null default 0;
alter table message add column application blob check (application is null or length(application) = 16);

-- A text that came in for a number of an application is told whole, to it: inbound_id is that of its first part.
alter table notice add column application blob check (application is null or length(application) = 16);

-- live.tell 3 and 4: as 1 and 2, but once for the message instead of once for each part.

create index dialect_doc_by_account on dialect_doc (account_id, dialect, kind, made_at, key);
