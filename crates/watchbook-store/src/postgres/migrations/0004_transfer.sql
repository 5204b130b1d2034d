-- Keys are given out with the incident they were used on.
create index idempotency_keys_incident on idempotency_keys (incident_id, seq);
-- The audit trail is given out from its beginning.
create index audit_log_order on audit_log (at, id);
