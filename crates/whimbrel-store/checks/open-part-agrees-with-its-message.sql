-- What an open part copied from its message is the same there. One look at `live`; messages by their primary key.
select format('%x', l.part_id), 'account, price, class or expiry differ from the message'
from live l
join message m on m.id = l.message_id
where (l.account_id, l.price, l.class, l.expires_at) <> (m.account_id, m.price, m.class, m.expires_at)
  or (l.tell = 0) <> (m.receipt_wanted = 0)
  or (l.tell in (2, 4, 6)) <> (m.receipt_wanted <> 0 and m.callback is not null)
