-- Nothing that was used once is there beyond the mark below which everything was forgotten: what is not there is refused up to the
-- mark, and what is there above it is known. By the index replay_expiry.
select format('%x', r.used_by), format('ends at %d, all that ended before %d was forgotten', r.expires_at, m.replay_forgotten)
from meta m
join replay r on r.expires_at < m.replay_forgotten
