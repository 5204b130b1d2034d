-- Lines that are to be blacked out.
select event::text as event from incident_events where id = any($1)
