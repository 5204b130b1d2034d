-- Which of these lines are here, and all derived lines of these incidents.
select id, incident_id, event ->> 'stamp' as stamp from incident_events where id = any($1)
union all
select id, incident_id, event ->> 'stamp' from incident_events
where incident_id = any($2) and type in ('conflict', 'merge') and not id = any($1)
