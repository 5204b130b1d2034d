insert into audit_log (id, at, agent, tool, action, incident, opening)
values ($1, $2, $3, $4, $5, $6, $7::text::json)
on conflict do nothing
