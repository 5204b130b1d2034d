-- Blanks the texts of a line.
update incident_events set event = $3::text::json where incident_id = $1 and id = $2
