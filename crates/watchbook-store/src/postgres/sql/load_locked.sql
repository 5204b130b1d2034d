-- The same, held until the transaction ends. In the order of the ids, so that two such loads never wait for each other.
select id, version, last_stamp, state_format, state from incidents where id = any($1) order by id for update
