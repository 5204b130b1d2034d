-- The values of an incident and of its last line, as texts.
select
    i.title, i.service, i.affects::text, i.env, i.severity::text, i.status, i.unfinished::text, i.kind, i.signature,
    i.drill::text, i.owners::text, i.labels::text, i.words, i.has_followups::text, i.unfinished_followups::text,
    i.last_stamp, i.state_format::text, i.state::text, e.type, e.actor, e.by::text, e.event::text, '-' as nothing
from incidents as i join incident_events as e on e.incident_id = i.id and e.seq = i.last_seq
where i.id = $1
