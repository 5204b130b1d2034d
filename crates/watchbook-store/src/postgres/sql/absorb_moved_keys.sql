-- Keys that stand for another incident from now on.
update idempotency_keys as i set
    body = k.body,
    incident_id = k.incident_id,
    seq = k.seq,
    look_alikes = k.look_alikes::text[],
    used_at = k.used_at
from unnest($1::text[], $2::text[], $3::text[], $4::int4[], $5::text[], $6::timestamptz[])
    as k (change, body, incident_id, seq, look_alikes, used_at)
where i.change = k.change
