-- The lines that one change wrote, of all its incidents.
select event::text from incident_events where change = $1
