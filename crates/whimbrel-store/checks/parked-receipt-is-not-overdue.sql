-- No receipt is parked longer than a day and an hour. One look at `parked`. `:now` is the time of the newest id in the store.
select cast(id as text), format('parked at %d', at)
from parked
where at < :now - 90000000000
