-- Keys that are taken over. Look-alikes come as JSON: an array of arrays would lose its inner bounds.
insert into idempotency_keys (change, body, incident_id, seq, look_alikes, used_at)
select k.change, k.body, k.incident_id, k.seq,
    array(select json_array_elements_text(k.look_alikes::json)), k.used_at
from unnest($1::text[], $2::text[], $3::text[], $4::int4[], $5::text[], $6::timestamptz[])
    as k (change, body, incident_id, seq, look_alikes, used_at)
on conflict (change) do nothing
returning 1
