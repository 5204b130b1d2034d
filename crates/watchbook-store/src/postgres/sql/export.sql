-- The lines of incidents after a number each, and the keys that were used since then. One statement, so that both are
-- of one moment.
with wanted as (
    select * from unnest($1::text[], $2::int4[]) as w (id, after)
)
select false as is_key, e.incident_id, e.seq, e.change, e.by::text as by, e.event::text as event,
    null::text as body, null::text[] as look_alikes, e.recorded_at as at
from wanted w
join incident_events e on e.incident_id = w.id and e.seq > w.after
union all
select true, k.incident_id, k.seq, k.change, null, null, k.body, k.look_alikes, k.used_at
from wanted w
join idempotency_keys k on k.incident_id = w.id and k.seq >= w.after and k.used_at >= $3
order by 2, 3, 1, 9, 4
