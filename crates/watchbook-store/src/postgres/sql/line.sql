-- One line of a timeline by its id.
select event::text from incident_events where incident_id = $1 and id = $2
