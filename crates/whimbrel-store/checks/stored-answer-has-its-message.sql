-- What is answered to the same key again is a message of the same account. One look at `dedupe`; messages by their primary key.
select format('%x', d.message_id), format('answered to account %x', d.account_id)
from dedupe d
left join message m on m.id = d.message_id
where (m.id is null and d.message_id > (select pruned_to from meta)) or m.account_id <> d.account_id
