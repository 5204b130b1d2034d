insert into idempotency_keys (change, body, incident_id, seq, look_alikes, used_at)
select k.change, k.body, k.incident_id, k.seq, k.look_alikes::text[], k.used_at
from unnest($1::text[], $2::text[], $3::text[], $4::int4[], $5::text[], $6::timestamptz[])
    as k (change, body, incident_id, seq, look_alikes, used_at)
