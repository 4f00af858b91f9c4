-- A recovery code is somebody's who is asked for codes of an app. Every code, each operator by the primary key.
select format('operator %x', c.operator_id), 'a recovery code of nobody who needs one'
from recovery_code c
left join operator o on o.id = c.operator_id
where o.totp_on is null
