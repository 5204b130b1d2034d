-- Lines, each with the change that wrote it, and the feed: a row for each incident.
with lines as (
    insert into incident_events (incident_id, seq, id, change, recorded_at, type, actor, by, event)
    select l.incident_id, l.seq, l.id, l.change, l.recorded_at, l.type, l.actor, l.by::json, l.event::json
    from unnest(
        $1::text[], $2::int4[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::text[]
    ) as l (incident_id, seq, id, change, recorded_at, type, actor, by, event)
)
insert into change_feed (incident_id, last_seq)
select f.incident_id, f.last_seq from unnest($10::text[], $11::int4[]) as f (incident_id, last_seq)
