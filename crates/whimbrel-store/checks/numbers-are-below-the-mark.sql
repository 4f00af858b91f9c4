-- No number of a message or of a numbered document is above the mark from which the next is given: none is given twice. The highest of
-- the messages is the end of the index message_by_serial; documents of these kinds, and subaccounts, are few.
select t.name, format('the mark is %d, the highest number is %d', m.serial, t.highest)
from meta m, (
  select 'message' as name, (select max(serial) from message where serial is not null) as highest
  union all
  select kind, max(cast(key as integer)) from dialect_doc where kind in ('hook', 'contact', 'group') group by kind
  union all
  select 'subaccount', max(number) from subaccount
) t
where t.highest > m.serial
