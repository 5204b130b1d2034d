-- The incidents that a decision looks at.
select id, version, last_stamp, state_format, state from incidents where id = any($1)
