-- Every acceptance left its wallet at or above the floor. One look at `message`; wallets by their primary key.
select format('%x', m.id), format('left %d, the floor is %d', m.balance_after, w.floor)
from message m
join wallet w on w.account_id = m.account_id
where m.balance_after < w.floor
