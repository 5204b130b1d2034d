-- Keeps the bytes of artifacts; those that are there already stay.
insert into incident_artifacts (incident_id, sha256, stored_at, bytes)
select b.incident_id, b.sha256, $4, b.bytes
from unnest($1::text[], $2::text[], $3::bytea[]) as b (incident_id, sha256, bytes)
on conflict do nothing
