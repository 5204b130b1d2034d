-- Writes the rows of follow-ups of incidents that many lines changed at once.
insert into followups as f (
    incident_id, id, position, service, affects, env, severity, kind, labels, drill, owner, unfinished,
    due_at, opened_at, updated_at, words, record
)
select
    incident_id, id, position, service, affects, env, severity, kind, labels, drill, owner, unfinished,
    due_at, opened_at, updated_at, words, record
from json_populate_recordset(null::followups, $1::json)
on conflict (incident_id, id) do update set
    service = excluded.service,
    affects = excluded.affects,
    env = excluded.env,
    severity = excluded.severity,
    kind = excluded.kind,
    labels = excluded.labels,
    drill = excluded.drill,
    owner = excluded.owner,
    unfinished = excluded.unfinished,
    due_at = excluded.due_at,
    opened_at = excluded.opened_at,
    updated_at = excluded.updated_at,
    words = excluded.words,
    position = excluded.position,
    record = excluded.record
where (f.service, f.affects, f.env, f.severity, f.kind, f.labels, f.drill, f.record::text)
    is distinct from (
        excluded.service, excluded.affects, excluded.env, excluded.severity, excluded.kind, excluded.labels,
        excluded.drill, excluded.record::text
    )
