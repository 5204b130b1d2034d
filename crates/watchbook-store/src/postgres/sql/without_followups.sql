-- Incidents whose follow-ups have no rows.
select id, state_format, state from incidents
where has_followups and id > $1 and not exists (select from followups where incident_id = incidents.id)
order by id
limit $2
