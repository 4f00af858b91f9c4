-- No wallet is below its floor. One look at `wallet`.
select format('%x', account_id), format('posted %d, held %d, floor %d', posted, held, floor)
from wallet
where held < 0 or posted - held < floor
