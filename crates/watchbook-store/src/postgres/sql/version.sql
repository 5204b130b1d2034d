-- The last step that was taken.
select coalesce(max(number), 0) as version from schema_steps
