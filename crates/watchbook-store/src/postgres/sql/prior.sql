-- The earlier use of a key. Remembered as long as its row stands: while its lines stand there too, forgetting it would
-- answer another body with them.
select body, incident_id, seq, look_alikes from idempotency_keys where change = $1
