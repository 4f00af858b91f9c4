-- A receipt waits for an unknown id only while no part has that id. One look at `parked`; keys by the index parked_key_of, ids by the
-- primary key of `pidx`.
select cast(p.id as text), format('part %x has its id', i.part_id)
from parked p
join parked_key k on k.parked_id = p.id
join pidx i on i.carrier = k.carrier and i.key = k.key
where p.reason = 'unknown-id'
group by p.id
