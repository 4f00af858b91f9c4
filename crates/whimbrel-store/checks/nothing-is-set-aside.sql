-- No part had to be set aside because it could not go on. One look at `set_aside`.
select format('%x', part_id), reason
from set_aside
