-- The doubts that an open part counts are those in its history. One look at `live`; attempts by their primary key.
select format('%x', l.part_id), format('counts %d doubts', l.doubts)
from live l
where l.attempt > 0
  and l.doubts <> (select count(*) from attempt a where a.part_id = l.part_id and a.outcome = 'doubt')
