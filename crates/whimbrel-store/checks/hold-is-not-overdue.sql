-- No part stays open a day beyond its validity and the time that its receipt has. Of all parts: young ones are in no index by time.
-- `:now` is the time of the newest id in the store.
select format('%x', part_id), format('state %d, expired at %d', state, expires_at)
from live
where expires_at < :now - 86700000000
