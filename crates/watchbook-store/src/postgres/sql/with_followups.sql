-- Incidents with follow-ups, all of them or those with unfinished ones.
select id, state_format, state from incidents
where ($1 and unfinished_followups) or (not $1 and has_followups)
