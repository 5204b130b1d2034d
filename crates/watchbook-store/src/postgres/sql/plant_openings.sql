insert into audit_log (id, at, agent, tool, action, incident, opening)
select o.id, o.at, o.agent, o.tool, o.action, o.incident, o.opening::json
from unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
    as o (id, at, agent, tool, action, incident, opening)
on conflict do nothing
returning 1
