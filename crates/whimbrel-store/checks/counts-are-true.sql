-- The counts that outlive a restart are those of the rows: nothing that was accepted is gone. One look at `message`, `attempt` and
-- `inbound`.
select 'messages', format('%d were accepted, %d are there', m.messages, c.n)
from meta m, (select count(*) as n from message) c
where m.messages <> c.n
union all
select 'doubts', format('%d were counted, %d are there', m.doubts, c.n)
from meta m, (select count(*) as n from attempt where outcome = 'doubt') c
where m.doubts <> c.n
union all
select 'inbound', format('%d came in, %d are there', m.inbound, c.n)
from meta m, (select count(*) as n from inbound) c
where m.inbound <> c.n
