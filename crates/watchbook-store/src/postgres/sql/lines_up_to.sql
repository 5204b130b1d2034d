-- A timeline up to a line.
select event::text from incident_events where incident_id = $1 and seq <= $2 order by seq
