-- Run by `cargo xtask bench postgres`. The statements are those of the store; the values of the variables are taken from
-- a row that the store wrote.
\set n random(1, 9000000000000000000)
\startpipeline
select id, version, last_stamp, state_format, state from incidents where id = any(array['inc_20261125_0000_' || :n]);
select id from incidents
where unfinished and service = 'service-' || :n::bigint % 40 and env = :env and signature = :signature and id <> 'inc_20261125_0000_' || :n
order by created_at desc, id desc
limit 10;
\endpipeline
with fence as (
    select 1 from leases where name = null and token = null and expires_at > clock_timestamp() for share
), saved as (
    insert into incidents as i (
        id, version, title, service, affects, env, severity, status, unfinished, kind, signature, drill,
        created_at, updated_at, owners, labels, words, has_followups, unfinished_followups,
        last_seq, last_stamp, state_format, state, group_key
    )
    select
        'inc_20261125_0000_' || :n, 0 + 1, :title, 'service-' || :n::bigint % 40, :affects, :env, :severity, :status, :unfinished, :kind, :signature, :drill,
        now(), now(), :owners, :labels, :words, :has_followups, :unfinished_followups, 1, :last_stamp, :state_format, :state, null
    where null is null or exists (select from fence)
    on conflict (id) do update set
        version = excluded.version,
        title = excluded.title,
        service = excluded.service,
        affects = excluded.affects,
        env = excluded.env,
        severity = excluded.severity,
        status = excluded.status,
        unfinished = excluded.unfinished,
        kind = excluded.kind,
        signature = excluded.signature,
        drill = excluded.drill,
        updated_at = excluded.updated_at,
        owners = excluded.owners,
        labels = excluded.labels,
        words = excluded.words,
        has_followups = excluded.has_followups,
        unfinished_followups = excluded.unfinished_followups,
        last_seq = excluded.last_seq,
        last_stamp = excluded.last_stamp,
        state_format = excluded.state_format,
        state = excluded.state,
        group_key = excluded.group_key
    where i.version = 0
    returning 1
), lines as (
    insert into incident_events (incident_id, seq, id, change, recorded_at, type, actor, by, event)
    select 'inc_20261125_0000_' || :n, l.seq, l.id, 'chg_' || md5(:n), l.recorded_at, l.type, l.actor, :by::json, l.event::json
    from unnest(array[1]::int4[], array['evt_' || md5(:n)]::text[], array[now()]::timestamptz[], array[:type]::text[], array[:actor]::text[], array[:event]::text[])
        as l (seq, id, recorded_at, type, actor, event)
    where exists (select from saved)
), remembered as (
    insert into idempotency_keys (change, body, incident_id, seq, look_alikes, used_at)
    select 'chg_' || md5(:n), nullif(:nothing, '-'), 'inc_20261125_0000_' || :n, 1, '{}'::text[], now()
    where nullif(:nothing, '-') is not null and exists (select from saved)
), fed as (
    insert into change_feed (incident_id, last_seq)
    select 'inc_20261125_0000_' || :n, 1
    where exists (select from saved)
), followed as (
    insert into followups as f (
        incident_id, id, position, service, affects, env, severity, kind, labels, drill, owner, unfinished,
        due_at, opened_at, updated_at, words, record
    )
    select
        incident_id, id, position, service, affects, env, severity, kind, labels, drill, owner, unfinished,
        due_at, opened_at, updated_at, words, record
    from json_populate_recordset(null::followups, nullif(:nothing, '-')::json)
    where exists (select from saved)
    on conflict (incident_id, id) do update set
        service = excluded.service,
        affects = excluded.affects,
        env = excluded.env,
        severity = excluded.severity,
        kind = excluded.kind,
        labels = excluded.labels,
        drill = excluded.drill,
        owner = excluded.owner,
        unfinished = excluded.unfinished,
        due_at = excluded.due_at,
        opened_at = excluded.opened_at,
        updated_at = excluded.updated_at,
        words = excluded.words,
        position = excluded.position,
        record = excluded.record
    where (f.service, f.affects, f.env, f.severity, f.kind, f.labels, f.drill, f.record::text)
        is distinct from (
            excluded.service, excluded.affects, excluded.env, excluded.severity, excluded.kind, excluded.labels,
            excluded.drill, excluded.record::text
        )
)
select
    exists (select from saved) as is_saved,
    (null is null or exists (select from fence)) as is_allowed;
