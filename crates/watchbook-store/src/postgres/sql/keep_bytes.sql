-- Keeps the bytes of an artifact; those that are there already stay.
insert into incident_artifacts (incident_id, sha256, stored_at, bytes)
values ($1, $2, $3, $4)
on conflict do nothing
