-- Saves what a commit makes of one incident, if that is still at version $2: its state, its lines, the key, the feed.
-- One statement, so it is there whole or not at all without a transaction around it. When it bears a fence, the lease
-- is held with that token and stays so until the transaction has ended: its row is locked against everyone who takes it.
with fence as (
    select 1 from leases where name = $35 and token = $36 and expires_at > clock_timestamp() for share
), saved as (
    insert into incidents as i (
        id, version, title, service, affects, env, severity, status, unfinished, kind, signature, drill,
        created_at, updated_at, owners, labels, words, has_followups, unfinished_followups,
        last_seq, last_stamp, state_format, state, group_key
    )
    select
        $1, $2 + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
        $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $37
    where $35 is null or exists (select from fence)
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
    where i.version = $2
    returning 1
), lines as (
    insert into incident_events (incident_id, seq, id, change, recorded_at, type, actor, by, event)
    select $1, l.seq, l.id, $24, l.recorded_at, l.type, l.actor, $25::json, l.event::json
    from unnest($26::int4[], $27::text[], $28::timestamptz[], $29::text[], $30::text[], $31::text[])
        as l (seq, id, recorded_at, type, actor, event)
    where exists (select from saved)
), remembered as (
    insert into idempotency_keys (change, body, incident_id, seq, look_alikes, used_at)
    select $24, $32, $1, $20, $33, $34
    where $32 is not null and exists (select from saved)
), fed as (
    insert into change_feed (incident_id, last_seq)
    select $1, $20
    where exists (select from saved)
), followed as (
    insert into followups as f (
        incident_id, id, position, service, affects, env, severity, kind, labels, drill, owner, unfinished,
        due_at, opened_at, updated_at, words, record
    )
    select
        incident_id, id, position, service, affects, env, severity, kind, labels, drill, owner, unfinished,
        due_at, opened_at, updated_at, words, record
    from json_populate_recordset(null::followups, $38::json)
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
    ($35 is null or exists (select from fence)) as is_allowed
