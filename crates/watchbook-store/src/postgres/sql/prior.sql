-- The earlier use of a key that is still remembered.
select body, incident_id, seq, look_alikes from idempotency_keys where change = $1 and used_at >= $2
