-- Pages, rows and indexes fit together: what an index hides would never be sent, found or told. Reads everything once.
select 'database', integrity_check
from pragma_integrity_check
where integrity_check <> 'ok'
