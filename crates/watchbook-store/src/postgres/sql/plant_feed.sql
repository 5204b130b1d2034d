insert into change_feed (incident_id, last_seq)
select * from unnest($1::text[], $2::int4[])
