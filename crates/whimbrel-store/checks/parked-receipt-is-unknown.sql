-- A receipt waits for an unknown id only while no part has that id. One look at `parked`; keys by the index parked_key_of, ids by the
-- primary key of `pidx`.
select cast(p.id as text), format('part %x has its id', i.part_id)
from parked p
join parked_key k on k.parked_id = p.id
join pidx i on i.carrier = k.carrier and i.key = k.key
where p.reason = 'unknown-id'
  and (
    i.part_id > (select pruned_to from meta)
    or exists (select 1 from live l where l.part_id = i.part_id)
    or exists (select 1 from ended e where e.part_id = i.part_id)
  )
group by p.id
