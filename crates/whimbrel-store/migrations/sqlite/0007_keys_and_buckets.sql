-- Secret keys: secrets that name their account by themselves. mode: live or test; null: the secret is shown beside the account's key.
-- A secret key is found by its digest, whatever account it names.
alter table secret add column mode text check (mode in ('live', 'test'));
create unique index secret_key on secret (verifier) where mode is not null;

-- Buckets. 0: what was paid in, 1: bonus credit, 2: free credit. A wallet's two columns are what can still be spent of credit; the
-- rest of it is from what was paid in.
alter table wallet add column free_credit integer not null default 0 check (free_credit >= 0);
alter table wallet add column bonus_credit integer not null default 0 check (bonus_credit >= 0);

-- The bucket that a part's price is from; 3: several, as `split` says.
alter table live add column bucket integer not null default 0 check (bucket between 0 and 3);

-- Of a capture as in `live`; of a payment where it went; of anything else 0.
alter table transfer add column bucket integer not null default 0 check (bucket between 0 and 3);

-- Of parts that were paid from several buckets, as long as they were not given back: how much from credit.
create table split (
  part_id integer primary key,
  account_id integer not null,
  free_credit integer not null check (free_credit >= 0),
  bonus_credit integer not null check (bonus_credit >= 0)
) strict;

-- How an account's one-time codes are worded; null: as its dialect does.
alter table account add column otp_template text;
alter table account add column otp_sender text;

-- Where the one-time code stands in a text, in octets; null: it has none that is known. When the last part has ended there are stars in
-- its place. has_code: whether the message has one.
alter table message add column code_from integer;
alter table message add column code_length integer;
alter table live add column has_code integer not null default 0;
