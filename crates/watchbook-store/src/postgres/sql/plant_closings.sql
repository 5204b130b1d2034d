update audit_log a
set closing = c.closing::json, outcome = c.outcome, incident = coalesce(a.incident, c.incident)
from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as c (id, closing, outcome, incident)
where a.id = c.id and a.closing is null
returning 1
