-- The lines after a number that set something; and whether the log itself has them, too.
select e.event::text as event, exists (select from replay_met m where m.source = $3 and m.event_id = e.id) as met
from unnest($1::text[], $2::int4[]) as s (incident_id, seq)
join incident_events e on e.incident_id = s.incident_id and e.seq > s.seq
where e.event -> 'set' is not null
order by e.incident_id, e.seq
