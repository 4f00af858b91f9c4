-- A store as the gateway of migration 0012 left it when it was killed: development accounts, texts of three dialects in every state,
-- webhooks that nobody took, a text that came in, a payment. Written by that gateway; printed by `.dump` of the SQLite shell.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE meta (
  id integer primary key check (id = 1),
  high_water integer not null,
  messages integer not null,
  doubts integer not null,
  key_check blob not null
, inbound integer not null default 0, replay_forgotten integer not null default 0, serial integer not null default 0, pruned_to integer not null default 0, texts_to integer not null default 0) strict;
INSERT INTO meta VALUES(1,31593429403697153,9,0,X'd12755afde4a220b75eb1b9a5383e382ffe51c5611a0ff054adb77dcaf4f2380',1,0,3,0,0);
CREATE TABLE carrier (
  id integer primary key check (id between 1 and 65535),
  name text not null unique
) strict;
INSERT INTO carrier VALUES(1,'simulator');
CREATE TABLE account (
  id integer primary key,
  dialect text not null,
  key text not null,
  name text not null,
  currency text not null,
  status text not null,
  default_class text not null,
  capture_on text not null,
  webhook_method text not null,
  created_at integer not null, rules text not null default '', policy text not null default '', otp_template text, otp_sender text,
  unique (dialect, key)
) strict;
INSERT INTO account VALUES(31593428754104320,'nexmo','devkey01','development','EUR','active','otp','carrier-accept','GET',1795949283140371,'','',NULL,NULL);
INSERT INTO account VALUES(31593428758822912,'nexo','devnexo1','development','USD','active','otp','delivery','GET',1795949283149652,'','',NULL,NULL);
INSERT INTO account VALUES(31593428768784384,'seven','seven-dev','development','EUR','active','otp','carrier-accept','GET',1795949283168585,'','',NULL,NULL);
CREATE TABLE endpoint (
  account_id integer not null,
  kind text not null,
  url text not null,
  primary key (account_id, kind)
) strict, without rowid;
INSERT INTO endpoint VALUES(31593428754104320,'inbound','http://127.0.0.1:9/inbound');
INSERT INTO endpoint VALUES(31593428754104320,'receipt','http://127.0.0.1:9/receipts');
CREATE TABLE wallet (
  account_id integer primary key,
  posted integer not null,
  held integer not null check (held >= 0),
  floor integer not null default 0, spent_day integer not null default 0, spent integer not null default 0 check (spent >= 0), free_credit integer not null default 0 check (free_credit >= 0), bonus_credit integer not null default 0 check (bonus_credit >= 0),
  check (posted - held >= floor)
) strict;
INSERT INTO wallet VALUES(31593428754104320,100001233350000,3330000,0,20786,19980000,0,0);
INSERT INTO wallet VALUES(31593428758822912,100000008800000,0,0,20786,2200000,8800000,0);
INSERT INTO wallet VALUES(31593428768784384,99999986420000,0,0,20786,13580000,0,0);
CREATE TABLE message (
  id integer primary key,
  account_id integer not null,
  dialect text not null,
  class integer not null,
  recipient text not null,
  sender_kind integer not null,
  sender text not null,
  text text not null,
  alphabet integer not null,
  concat_reference integer not null,
  encoding text not null,
  part_count integer not null check (part_count between 1 and 255),
  price integer not null check (price >= 0),
  balance_after integer not null,
  network text not null,
  carrier integer not null,
  route text not null,
  epoch integer not null,
  receipt_wanted integer not null,
  callback text,
  client_ref text,
  account_ref text,
  validity integer,
  accepted_at integer not null,
  expires_at integer not null
, header blob, body blob, protocol_id integer not null default 0, handset_class integer, entity text, template text, form integer not null default 0, application blob check (application is null or length(application) = 16), code_from integer, code_length integer, serial integer check (serial > 0)) strict;
INSERT INTO message VALUES(31593429255847936,31593428754104320,'nexmo',0,'447700900123',2,'Acme','Your code is 482917',0,27,'gsm7',1,3330000,99999996670000,'23420',1,'all',1,1,NULL,NULL,NULL,NULL,1795949284097163,1796208484097163,NULL,NULL,0,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO message VALUES(31593429258469376,31593428754104320,'nexmo',0,'447700900104',2,'Acme','this one fails',0,4,'gsm7',1,3330000,99999993340000,'23420',1,'all',1,1,NULL,NULL,NULL,NULL,1795949284102936,1796208484102936,NULL,NULL,0,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO message VALUES(31593429261090816,31593428754104320,'nexmo',0,'447700900123',2,'Acme','a long text, a long text, a long text, a long text, a long text, a long text, a long text, a long text, a long text, a long text, a long text, a long text, a long text, a long text, a long text, a long text, a long text, a long text, a long text, a long text, ',0,243,'gsm7',2,3330000,99999986680000,'23420',1,'all',1,1,NULL,'order 7',NULL,NULL,1795949284107017,1796208484107017,NULL,NULL,0,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO message VALUES(31593429263187968,31593428754104320,'nexmo',0,'447700900109',2,'Acme','never told',0,49,'gsm7',1,3330000,99999983350000,'23420',1,'all',1,1,NULL,NULL,NULL,NULL,1795949284110977,1796208484110977,NULL,NULL,0,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO message VALUES(31593429265285120,31593428754104320,'nexmo',0,'447700900111',2,'Acme','answered late',0,253,'gsm7',1,3330000,99999980020000,'23420',1,'all',1,1,NULL,NULL,NULL,NULL,1795949284115057,1796208484115057,NULL,NULL,0,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO message VALUES(31593429266857984,31593428768784384,'seven',0,'4915228817300',2,'Acme','Hallo',3,65,'gsm7',1,6790000,99999993210000,'26202',1,'all',1,1,NULL,NULL,NULL,172800000000,1795949284118029,1796122084118029,NULL,NULL,0,NULL,NULL,NULL,0,NULL,NULL,NULL,1);
INSERT INTO message VALUES(31593429272625152,31593428768784384,'seven',0,'4915228817300',2,'Acme','with a hook',3,42,'gsm7',1,6790000,99999986420000,'26202',1,'all',1,1,NULL,NULL,NULL,172800000000,1795949284129806,1796122084129806,NULL,NULL,0,NULL,NULL,NULL,0,NULL,NULL,NULL,3);
INSERT INTO message VALUES(31593429294120960,31593428758822912,'nexo',0,'84980000000',2,'OTP','****** la ma xac thuc cua ban.',3,38,'gsm7',1,2200000,100000008800000,'45204',1,'all',1,1,NULL,NULL,NULL,600000000,1795949284170894,1795949884170894,NULL,NULL,0,NULL,NULL,NULL,0,NULL,0,6,NULL);
INSERT INTO message VALUES(31593429296742400,31593428758822912,'nexo',0,'84980000004',2,'OTP','***** la ma xac thuc cua ban.',3,198,'gsm7',1,2200000,100000006600000,'45204',1,'all',1,1,NULL,NULL,NULL,600000000,1795949284175028,1795949884175028,NULL,NULL,0,NULL,NULL,NULL,0,NULL,0,5,NULL);
CREATE TABLE live (
  part_id integer primary key,
  message_id integer not null,
  number integer not null,
  account_id integer not null,
  carrier integer not null,
  state integer not null check (state between 0 and 3),
  state_at integer not null,
  attempt integer not null,
  failures integer not null,
  doubts integer not null,
  price integer not null,
  funds integer not null check (funds between 0 and 2),
  capture_on integer not null,
  expires_at integer not null,
  told text,
  class integer not null,
  tell integer not null,
  carrier_message_id text not null default ''
, bucket integer not null default 0 check (bucket between 0 and 3), has_code integer not null default 0) strict;
INSERT INTO live VALUES(31593429263187968,31593429263187968,1,31593428754104320,1,3,1795949284112743,1,0,0,3330000,1,0,1796208484110977,NULL,0,1,'C0703E0E78800000',0,0);
INSERT INTO live VALUES(31593429265285120,31593429265285120,1,31593428754104320,1,1,1795949284115057,1,0,0,3330000,0,0,1796208484115057,NULL,0,1,'',0,0);
CREATE TABLE ended (
  part_id integer primary key,
  message_id integer not null,
  number integer not null,
  status text not null,
  cause text not null,
  funds integer not null check (funds between 0 and 2),
  ended_at integer not null,
  ended_by text not null,
  operation integer not null,
  code text not null,
  attempts integer not null,
  carrier_message_id text not null
) strict;
INSERT INTO ended VALUES(31593429255847936,31593429255847936,1,'delivered','none',1,1795949284300510,'receipt',31593429362278400,'0',1,'C0703E0E78180000');
INSERT INTO ended VALUES(31593429258469376,31593429258469376,1,'failed','absent-for-now',1,1795949284305872,'receipt',31593429365424128,'27',1,'C0703E0E78400000');
INSERT INTO ended VALUES(31593429261090816,31593429261090816,1,'delivered','none',1,1795949284309405,'receipt',31593429366996992,'0',1,'C0703E0E78600000');
INSERT INTO ended VALUES(31593429261090817,31593429261090816,2,'delivered','none',1,1795949284310972,'receipt',31593429368045568,'0',1,'C0703E0E78680000');
INSERT INTO ended VALUES(31593429266857984,31593429266857984,1,'delivered','none',1,1795949284320473,'receipt',31593429372764160,'0',1,'C0703E0E78B00001');
INSERT INTO ended VALUES(31593429272625152,31593429272625152,1,'delivered','none',1,1795949284331898,'receipt',31593429379055616,'0',1,'C0703E0E79180000');
INSERT INTO ended VALUES(31593429294120960,31593429294120960,1,'delivered','none',1,1795949284379176,'receipt',31593429403697152,'0',1,'C0703E0E7A600000');
INSERT INTO ended VALUES(31593429296742400,31593429296742400,1,'failed','absent-for-now',2,1795949284379176,'receipt',31593429403697153,'27',1,'C0703E0E7A800000');
CREATE TABLE attempt (
  part_id integer not null,
  number integer not null,
  claimed_at integer not null,
  answered_at integer not null,
  outcome text not null,
  code text not null,
  carrier_message_id text not null, carrier integer,
  primary key (part_id, number)
) strict, without rowid;
INSERT INTO attempt VALUES(31593429255847936,1,1795949284097163,1795949284099377,'sent','','C0703E0E78180000',1);
INSERT INTO attempt VALUES(31593429258469376,1,1795949284102936,1795949284104464,'sent','','C0703E0E78400000',1);
INSERT INTO attempt VALUES(31593429261090816,1,1795949284107017,1795949284108411,'sent','','C0703E0E78600000',1);
INSERT INTO attempt VALUES(31593429261090817,1,1795949284107017,1795949284109603,'sent','','C0703E0E78680000',1);
INSERT INTO attempt VALUES(31593429263187968,1,1795949284110977,1795949284112743,'sent','','C0703E0E78800000',1);
INSERT INTO attempt VALUES(31593429266857984,1,1795949284118029,1795949284119111,'sent','','C0703E0E78B00001',1);
INSERT INTO attempt VALUES(31593429272625152,1,1795949284129806,1795949284131313,'sent','','C0703E0E79180000',1);
INSERT INTO attempt VALUES(31593429294120960,1,1795949284170894,1795949284172651,'sent','','C0703E0E7A600000',1);
INSERT INTO attempt VALUES(31593429296742400,1,1795949284175028,1795949284176770,'sent','','C0703E0E7A800000',1);
CREATE TABLE pidx (
  carrier integer not null,
  key blob not null,
  part_id integer not null, raw text,
  primary key (carrier, key, part_id)
) strict, without rowid;
INSERT INTO pidx VALUES(1,X'63303730336530653738313830303030',31593429255847936,'C0703E0E78180000');
INSERT INTO pidx VALUES(1,X'63303730336530653738343030303030',31593429258469376,'C0703E0E78400000');
INSERT INTO pidx VALUES(1,X'63303730336530653738363030303030',31593429261090816,'C0703E0E78600000');
INSERT INTO pidx VALUES(1,X'63303730336530653738363830303030',31593429261090817,'C0703E0E78680000');
INSERT INTO pidx VALUES(1,X'63303730336530653738383030303030',31593429263187968,'C0703E0E78800000');
INSERT INTO pidx VALUES(1,X'63303730336530653738623030303031',31593429266857984,'C0703E0E78B00001');
INSERT INTO pidx VALUES(1,X'63303730336530653739313830303030',31593429272625152,'C0703E0E79180000');
INSERT INTO pidx VALUES(1,X'63303730336530653761363030303030',31593429294120960,'C0703E0E7A600000');
INSERT INTO pidx VALUES(1,X'63303730336530653761383030303030',31593429296742400,'C0703E0E7A800000');
CREATE TABLE parked (
  id integer primary key,
  carrier integer not null,
  raw_id text not null,
  status text not null,
  cause text not null,
  code text not null,
  recipient text not null,
  notice_id integer not null,
  at integer not null
, reason text not null default 'unknown-id') strict;
CREATE TABLE parked_key (
  parked_id integer not null,
  carrier integer not null,
  key blob not null,
  form integer not null,
  primary key (carrier, key, parked_id, form)
) strict, without rowid;
CREATE TABLE dedupe (
  account_id integer not null,
  key text not null,
  request_digest blob not null check (length(request_digest) = 32),
  message_id integer not null,
  expires_at integer not null,
  primary key (account_id, key)
) strict, without rowid;
CREATE TABLE event (
  message_id integer not null,
  at integer not null,
  sequence integer not null,
  part_number integer not null,
  what text not null,
  detail text not null,
  primary key (message_id, at, sequence)
) strict, without rowid;
INSERT INTO event VALUES(31593429255847936,1795949284302575,31593429362278400,1,'webhook','failed: the host may not be called: port 9 belongs to another protocol; use 80, 443 or one from 1024');
INSERT INTO event VALUES(31593429258469376,1795949284307546,31593429365424128,1,'webhook','failed: the host may not be called: port 9 belongs to another protocol; use 80, 443 or one from 1024');
INSERT INTO event VALUES(31593429261090816,1795949284310654,31593429366996992,1,'webhook','failed: the host may not be called: port 9 belongs to another protocol; use 80, 443 or one from 1024');
INSERT INTO event VALUES(31593429261090816,1795949284312176,31593429368045568,2,'webhook','failed: the host may not be called: port 9 belongs to another protocol; use 80, 443 or one from 1024');
INSERT INTO event VALUES(31593429266857984,1795949284332594,31593429377482752,1,'webhook','failed: the host may not be called: port 9 belongs to another protocol; use 80, 443 or one from 1024');
INSERT INTO event VALUES(31593429272625152,1795949284234012,31593429311422464,1,'webhook','failed: the host may not be called: port 9 belongs to another protocol; use 80, 443 or one from 1024');
INSERT INTO event VALUES(31593429272625152,1795949284341253,31593429381152768,1,'webhook','failed: the host may not be called: port 9 belongs to another protocol; use 80, 443 or one from 1024');
INSERT INTO event VALUES(31593429300936704,1795949284192564,31593429300936705,1,'webhook','failed: the host may not be called: port 9 belongs to another protocol; use 80, 443 or one from 1024');
CREATE TABLE list_entry (
  account_id integer not null,
  kind text not null,
  entry text not null,
  primary key (account_id, kind, entry)
) strict, without rowid;
CREATE TABLE number (
  number text primary key,
  account_id integer not null,
  inbound_url text,
  at integer not null
, country text, kind text, features integer, application text, system_type text, voice_kind text, voice_value text, voice_status_url text) strict, without rowid;
INSERT INTO number VALUES('447700900200',31593428754104320,NULL,1795949284179521,'GB',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE inbound (
  id integer primary key,
  group_id integer not null,
  account_id integer,
  carrier integer not null,
  sender_kind integer not null,
  sender text not null,
  number text not null,
  header blob not null,
  reference integer,
  total integer not null check (total between 1 and 255),
  sequence integer not null check (sequence between 1 and total),
  alphabet integer,
  text text not null,
  body blob not null,
  at integer not null
) strict;
INSERT INTO inbound VALUES(31593429300936704,31593429300936704,31593428754104320,1,0,'447700900001','447700900200',X'',NULL,1,1,0,'a reply from a handset',X'',1795949284183128);
CREATE TABLE IF NOT EXISTS "notice" (
  id integer primary key,
  part_id integer,
  message_id integer,
  part_number integer not null,
  status text,
  cause text,
  inbound_id integer,
  happened_at integer not null,
  failures integer not null,
  first_at integer not null,
  due_at integer not null, application blob check (application is null or length(application) = 16), hook text,
  check ((inbound_id is null) = (part_id is not null) and (part_id is null) = (message_id is null)
    and (part_id is null) = (status is null) and (part_id is null) = (cause is null))
) strict;
INSERT INTO notice VALUES(31593429300936705,NULL,NULL,1,NULL,NULL,31593429300936704,1795949284183128,1,1795949284183128,1795949289192545,NULL,NULL);
INSERT INTO notice VALUES(31593429311422464,31593429272625152,31593429272625152,1,'submitted','none',NULL,1795949284131313,1,1795949284131313,1795949346671346,NULL,'2');
INSERT INTO notice VALUES(31593429362278400,31593429255847936,31593429255847936,1,'delivered','none',NULL,1795949284300510,1,1795949284300510,1795949289302569,NULL,NULL);
INSERT INTO notice VALUES(31593429365424128,31593429258469376,31593429258469376,1,'failed','absent-for-now',NULL,1795949284305872,1,1795949284305872,1795949289307542,NULL,NULL);
INSERT INTO notice VALUES(31593429366996992,31593429261090816,31593429261090816,1,'delivered','none',NULL,1795949284309405,1,1795949284309405,1795949289310650,NULL,NULL);
INSERT INTO notice VALUES(31593429368045568,31593429261090817,31593429261090816,2,'delivered','none',NULL,1795949284310972,1,1795949284310972,1795949289312172,NULL,NULL);
INSERT INTO notice VALUES(31593429377482752,31593429266857984,31593429266857984,1,'delivered','none',NULL,1795949284320473,1,1795949284320473,1795949344414611,NULL,'2');
INSERT INTO notice VALUES(31593429381152768,31593429272625152,31593429272625152,1,'delivered','none',NULL,1795949284331898,1,1795949284331898,1795949347962109,NULL,'2');
CREATE TABLE secret (
  account_id integer not null,
  id blob not null check (length(id) = 16),
  key_id integer not null,
  verifier blob not null check (length(verifier) = 32),
  salt blob check (length(salt) = 16),
  memory_kib integer,
  passes integer,
  created_at integer not null, mode text check (mode in ('live', 'test')),
  primary key (account_id, id),
  check ((salt is null) = (memory_kib is null) and (salt is null) = (passes is null))
) strict, without rowid;
INSERT INTO secret VALUES(31593428754104320,X'01a226eb474479d2bead3d1fa70e5672',1,X'b492fc6231f7f3798fd2a23dcc734dca2ea1f83bbc2e2f723936a1ea526ec9b9',NULL,NULL,NULL,1795949283140371,NULL);
INSERT INTO secret VALUES(31593428758822912,X'01a226eb474d7ce890fd48cfc7c1ebd8',1,X'df16e002992d2ef42216c0ee805a4eebeb23e589f6e5c548926ba9158bff49b7',NULL,NULL,NULL,1795949283149652,'live');
INSERT INTO secret VALUES(31593428758822912,X'01a226eb475671c2bbd9215688b50976',1,X'6c5bbd657ba4aca3c79a12b4f30527bfa533e984a696e860ccf27c7a0f2118cf',NULL,NULL,NULL,1795949283158352,'test');
INSERT INTO secret VALUES(31593428768784384,X'01a226eb47607dbda465c8930c48b87e',1,X'a9d62191235b242e27d8118757e452ba1dbfb9f71e64ebeb95aebd7738a29bd5',NULL,NULL,NULL,1795949283168585,'live');
INSERT INTO secret VALUES(31593428768784384,X'01a226eb47707ad589c8d5e6b90115df',1,X'85c6b5bd4ace9073e2217391ab1392ab872599bf742054a0510c48e994db5dbe',NULL,NULL,NULL,1795949283184975,'test');
CREATE TABLE signature_secret (
  account_id integer not null,
  id integer not null,
  created_at integer not null,
  ends_at integer,
  primary key (account_id, id)
) strict, without rowid;
INSERT INTO signature_secret VALUES(31593428754104320,31593428754104320,1795949283140371,NULL);
INSERT INTO signature_secret VALUES(31593428758822912,31593428758822912,1795949283149652,NULL);
INSERT INTO signature_secret VALUES(31593428768784384,31593428768784384,1795949283168585,NULL);
CREATE TABLE sealed (
  place text primary key,
  key_id integer not null,
  value blob not null
) strict, without rowid;
INSERT INTO sealed VALUES('signature secret 31593428754104320 of account 31593428754104320',1,X'0143dbbf52a7c951eca849dba60bf85d4d6f7ce727ec33b6f48d44eac69b44b9877c8426c855b8b4d2c32a87313df33dca19f4c6db26395ae7e52320939fdbba6ffff77e3dc6e5ac36');
INSERT INTO sealed VALUES('signature secret 31593428758822912 of account 31593428758822912',1,X'01e5f46ada13da0e48e1335795616738ed190c17fbf8672e6a341ab1f68a01b802edde61eeff30303f3159730465f7f0506f602edbc4fb188f48de3f7a204be2d46c745c4e32');
INSERT INTO sealed VALUES('signature secret 31593428768784384 of account 31593428768784384',1,X'019514fc678f85ab69f223a153ce193ea6bcde72c0ea4b9bce54ff993384f3949c864e1a216737bedf2017dd839ac855e173838f64408cdfd710715f9ea537e5bef0cd757c793711c3');
CREATE TABLE replay (
  mark blob not null check (length(mark) = 32),
  account_id integer not null,
  kind integer not null check (kind in (0, 1)),
  used_by integer not null,
  expires_at integer not null,
  primary key (kind, mark, account_id)
) strict, without rowid;
CREATE TABLE offer (
  number text primary key,
  country text not null,
  kind text not null,
  features integer not null check (features between 0 and 7),
  monthly integer not null check (monthly >= 0),
  purchase integer not null check (purchase >= 0),
  currency text not null,
  at integer not null
) strict, without rowid;
INSERT INTO offer VALUES('12025550191','US','mobile',7,100000000,100000000,'EUR',1795949283195494);
INSERT INTO offer VALUES('18005550192','US','toll-free',3,1200000000,1200000000,'EUR',1795949283195494);
INSERT INTO offer VALUES('442079460901','GB','landline',2,80000000,80000000,'EUR',1795949283195494);
INSERT INTO offer VALUES('447700900901','GB','mobile',3,125000000,125000000,'EUR',1795949283195494);
INSERT INTO offer VALUES('447700900902','GB','mobile',3,125000000,125000000,'EUR',1795949283195494);
INSERT INTO offer VALUES('447700900903','GB','mobile',1,90000000,90000000,'EUR',1795949283195494);
CREATE TABLE purchase (
  id integer primary key,
  account_id integer not null,
  number text not null,
  amount integer not null check (amount >= 0),
  at integer not null,
  ended_at integer,
  ended_by integer
) strict;
CREATE TABLE reload (
  account_id integer primary key,
  reference text not null,
  amount integer not null check (amount > 0),
  times_left integer not null check (times_left >= 0),
  at integer not null
) strict;
CREATE TABLE IF NOT EXISTS "transfer" (
  kind integer not null check (kind between 1 and 4),
  cause any not null,
  debit integer not null,
  credit integer not null check (credit <> debit),
  amount integer not null check (amount > 0),
  at integer not null, bucket integer not null default 0 check (bucket between 0 and 3),
  primary key (kind, cause)
) strict, without rowid;
INSERT INTO transfer VALUES(1,31593429255847936,31593428754104320,-1,3330000,1795949284099377,0);
INSERT INTO transfer VALUES(1,31593429258469376,31593428754104320,-1,3330000,1795949284104464,0);
INSERT INTO transfer VALUES(1,31593429261090816,31593428754104320,-1,3330000,1795949284108411,0);
INSERT INTO transfer VALUES(1,31593429261090817,31593428754104320,-1,3330000,1795949284109603,0);
INSERT INTO transfer VALUES(1,31593429263187968,31593428754104320,-1,3330000,1795949284112743,0);
INSERT INTO transfer VALUES(1,31593429266857984,31593428768784384,-1,6790000,1795949284119111,0);
INSERT INTO transfer VALUES(1,31593429272625152,31593428768784384,-1,6790000,1795949284131313,0);
INSERT INTO transfer VALUES(1,31593429294120960,31593428758822912,-1,2200000,1795949284379176,2);
INSERT INTO transfer VALUES(2,'703e0e5a200000/dev',-2,31593428754104320,100000000000000,1795949283148662,0);
INSERT INTO transfer VALUES(2,'703e0e5a200000/inv-1',-2,31593428754104320,1250000000,1795949284184361,0);
INSERT INTO transfer VALUES(2,'703e0e5a680000/dev',-2,31593428758822912,100000000000000,1795949283164899,0);
INSERT INTO transfer VALUES(2,'703e0e5a680000/welcome',-2,31593428758822912,11000000,1795949283149652,2);
INSERT INTO transfer VALUES(2,'703e0e5b000000/dev',-2,31593428768784384,100000000000000,1795949283188472,0);
CREATE TABLE rejection (
  id integer primary key,
  account_id integer not null,
  recipient text not null,
  sender text not null,
  code text not null,
  told text not null,
  at integer not null
) strict;
CREATE TABLE dialect_doc (
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
INSERT INTO dialect_doc VALUES('seven','hook','2',31593428768784384,1,'{"target_url":"http://127.0.0.1:9/hook","event_type":"dlr","event_filter":null,"request_method":"JSON","headers":""}',NULL,NULL,NULL,0,1795949284127165);
CREATE TABLE split (
  part_id integer primary key,
  account_id integer not null,
  free_credit integer not null check (free_credit >= 0),
  bonus_credit integer not null check (bonus_credit >= 0)
) strict;
CREATE TABLE set_aside (
  part_id integer primary key,
  at integer not null,
  reason text not null,
  row text not null
) strict;
CREATE TABLE usage_day (
  account_id integer not null,
  day integer not null,
  messages integer not null check (messages >= 0),
  parts integer not null check (parts >= 0),
  delivered integer not null check (delivered >= 0),
  failed integer not null check (failed >= 0),
  spent integer not null check (spent >= 0),
  primary key (account_id, day)
) strict, without rowid;
INSERT INTO usage_day VALUES(31593428754104320,20786,5,6,3,1,19980000);
INSERT INTO usage_day VALUES(31593428758822912,20786,2,2,1,1,2200000);
INSERT INTO usage_day VALUES(31593428768784384,20786,2,2,2,0,13580000);
CREATE TABLE number_network (
  number text primary key check (length(number) between 1 and 15),
  network text not null check (length(network) between 1 and 16),
  told_at integer not null
) strict, without rowid;
CREATE INDEX message_by_recipient on message (recipient, id);
CREATE INDEX message_by_account on message (account_id, id);
CREATE INDEX live_queued on live (carrier, class, state_at, part_id) where state = 0;
CREATE INDEX live_uncertain on live (state_at) where state = 2;
CREATE INDEX live_expiry on live (expires_at);
CREATE INDEX live_of_message on live (message_id, number) where number > 1;
CREATE INDEX ended_of_message on ended (message_id, number) where number > 1;
CREATE INDEX parked_key_of on parked_key (parked_id);
CREATE INDEX dedupe_expiry on dedupe (expires_at);
CREATE INDEX number_by_account on number (account_id, number);
CREATE INDEX parked_by_carrier on parked (carrier, id);
CREATE INDEX parked_by_operation on parked (notice_id);
CREATE INDEX inbound_of_group on inbound (group_id, sequence);
CREATE INDEX inbound_alike on inbound (sender, number, carrier, reference, total, id) where reference is not null;
CREATE INDEX inbound_by_number on inbound (number, id) where group_id = id;
CREATE INDEX inbound_by_account on inbound (account_id, id) where group_id = id;
CREATE INDEX notice_due on notice (due_at, id);
CREATE UNIQUE INDEX signature_secret_current on signature_secret (account_id) where ends_at is null;
CREATE INDEX signature_secret_end on signature_secret (ends_at) where ends_at is not null;
CREATE INDEX sealed_by_key on sealed (key_id, place);
CREATE INDEX replay_expiry on replay (expires_at) where kind = 1;
CREATE INDEX offer_by_country on offer (country, number);
CREATE INDEX purchase_by_number on purchase (number, id);
CREATE INDEX rejection_by_recipient on rejection (account_id, recipient, at);
CREATE INDEX rejection_by_account on rejection (account_id, id);
CREATE INDEX dialect_doc_by_account on dialect_doc (account_id, dialect, kind, made_at, key);
CREATE UNIQUE INDEX secret_key on secret (verifier) where mode is not null;
CREATE UNIQUE INDEX message_by_serial on message (serial) where serial is not null;
CREATE INDEX parked_by_recipient on parked (carrier, recipient);
CREATE INDEX number_network_by_age on number_network (told_at);
CREATE INDEX message_tried_long on message (recipient, expires_at) where expires_at - accepted_at > 259200000000;
COMMIT;
-- What `.dump` leaves out.
pragma application_id = 1466461538;
pragma user_version = 12;
