-- What a database holds, and how many bytes it takes with its indexes.
select
    t.name,
    (xpath('/row/c/text()', query_to_xml('select count(*) as c from ' || t.name, false, true, '')))[1]::text::bigint as rows,
    pg_table_size(t.name::regclass) as bytes,
    pg_indexes_size(t.name::regclass) as index_bytes
from (values ('incidents'), ('incident_events'), ('change_feed'), ('followups'), ('audit_log')) as t (name)
