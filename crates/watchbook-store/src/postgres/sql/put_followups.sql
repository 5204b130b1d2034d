-- Makes the rows of follow-ups that are missing. Those that are there are newer.
insert into followups (
    incident_id, id, position, service, affects, env, severity, kind, labels, drill, owner, unfinished,
    due_at, opened_at, updated_at, words, record
)
select
    incident_id, id, position, service, affects, env, severity, kind, labels, drill, owner, unfinished,
    due_at, opened_at, updated_at, words, record
from json_populate_recordset(null::followups, $1::json)
on conflict do nothing
