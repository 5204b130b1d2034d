-- Creations by these changes, or for these alert groups within a time; and whether the log itself has them, too.
with opened as (
    select change, event::text as event, id from incident_events where change = any($1) and seq = 1
    union
    select e.change, e.event::text, e.id
    from incidents i
    join incident_events e on e.incident_id = i.id and e.seq = 1
    where i.group_key = any($2) and i.created_at between $3 and $4
)
select change, event, exists (select from replay_met m where m.source = $5 and m.event_id = opened.id) as met
from opened
