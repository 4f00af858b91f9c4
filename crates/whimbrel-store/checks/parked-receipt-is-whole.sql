-- Keys and parked receipts belong together; only an id that was too long to keep has none. `parked_key` once, `parked` by its primary key; then by the index parked_key_of.
select cast(k.parked_id as text), 'a key without its receipt'
from parked_key k
left join parked p on p.id = k.parked_id
where p.id is null or p.carrier <> k.carrier
union all
select cast(p.id as text), 'a receipt without a key'
from parked p
where p.reason <> 'no-id' and length(p.raw_id) < 255
  and not exists (select 1 from parked_key k where k.parked_id = p.id)
