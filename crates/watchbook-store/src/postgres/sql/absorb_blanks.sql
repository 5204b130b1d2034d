-- Blanks the texts of lines.
update incident_events as e set event = b.event::json
from unnest($1::text[], $2::text[]) as b (id, event)
where e.id = b.id
