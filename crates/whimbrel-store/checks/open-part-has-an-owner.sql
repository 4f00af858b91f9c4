-- Something will happen to every open part: a carrier's queue that is due before the expiry, or a clock that ends doubt by then.
-- One look at `live`; carriers by their primary key.
select format('%x', l.part_id), iif(c.id is null, format('no carrier %d', l.carrier), format('state %d until %d', l.state, l.state_at))
from live l
left join carrier c on c.id = l.carrier
where c.id is null
  or (l.state = 0 and l.state_at >= l.expires_at)
  or (l.state = 2 and l.state_at > l.expires_at)
