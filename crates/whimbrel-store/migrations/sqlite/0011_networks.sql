-- In which network a number is, where a carrier's receipt told another one than its prefix does. network: its code in the table of
-- networks. Forgotten 90 days after it was told, or when a carrier says that it is wrong.
create table number_network (
  number text primary key check (length(number) between 1 and 15),
  network text not null check (length(network) between 1 and 16),
  told_at integer not null
) strict, without rowid;

create index number_network_by_age on number_network (told_at);
