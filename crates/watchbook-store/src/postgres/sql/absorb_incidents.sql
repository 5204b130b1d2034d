-- Saves the state of incidents whose rows are held, or that are not there yet.
insert into incidents (
    id, version, title, service, affects, env, severity, status, unfinished, kind, signature, drill, created_at,
    updated_at, owners, labels, words, has_followups, unfinished_followups, last_seq, last_stamp, state_format,
    state, group_key
)
select
    l.id, l.version, l.title, l.service, l.affects::text[], l.env, l.severity, l.status, l.unfinished, l.kind,
    l.signature, l.drill, l.created_at, l.updated_at, l.owners::text[], l.labels::text[], l.words, l.has_followups,
    l.unfinished_followups, l.last_seq, l.last_stamp, l.state_format, l.state, l.group_key
from unnest(
    $1::text[], $2::int8[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int2[], $8::text[], $9::bool[],
    $10::text[], $11::text[], $12::bool[], $13::timestamptz[], $14::timestamptz[], $15::text[], $16::text[],
    $17::text[], $18::bool[], $19::bool[], $20::int4[], $21::text[], $22::int2[], $23::bytea[], $24::text[]
) as l (
    id, version, title, service, affects, env, severity, status, unfinished, kind, signature, drill, created_at,
    updated_at, owners, labels, words, has_followups, unfinished_followups, last_seq, last_stamp, state_format,
    state, group_key
)
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
