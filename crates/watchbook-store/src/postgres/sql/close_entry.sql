update audit_log
set closing = $2::text::json, outcome = $3, incident = coalesce(incident, $4)
where id = $1 and closing is null
