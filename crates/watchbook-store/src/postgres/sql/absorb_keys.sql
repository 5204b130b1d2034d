-- The keys that are remembered, held until the transaction ends.
select change, body, incident_id, seq, look_alikes from idempotency_keys where change = any($1) order by change for update
