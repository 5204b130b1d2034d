-- A stretch of a timeline.
select event::text from incident_events where incident_id = $1 and seq > $2 order by seq limit $3
