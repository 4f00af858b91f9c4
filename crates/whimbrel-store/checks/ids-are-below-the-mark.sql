-- No id is above the mark from which the next process goes on: none is given twice. Each maximum is the end of a primary key.
select t.name, format('the mark is %x, the highest id is %x', m.high_water, t.highest)
from meta m, (
  select 'account' as name, (select max(id) from account) as highest
  union all select 'message', (select max(id) from message)
  union all select 'live', (select max(part_id) from live)
  union all select 'ended', (select max(part_id) from ended)
  union all select 'notice', (select max(id) from notice)
  union all select 'inbound', (select max(id) from inbound)
  union all select 'purchase', (select max(id) from purchase)
  union all select 'rejection', (select max(id) from rejection)
  union all select 'transfer', (select max(cause) from transfer where kind = 4)
  union all select 'transfer', (select max(cause) from transfer where kind = 5)
) t
where t.highest > m.high_water
