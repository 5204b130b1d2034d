-- Saves the states that lines led to that were taken over, each if its incident is still at the version before.
insert into incidents as i (
    id, version, title, service, affects, env, severity, status, unfinished, kind, signature, drill,
    created_at, updated_at, owners, labels, words, has_followups, unfinished_followups,
    last_seq, last_stamp, state_format, state, group_key
)
select
    id, version, title, service, affects, env, severity, status, unfinished, kind, signature, drill,
    to_timestamp(created_at / 1000.0), to_timestamp(updated_at / 1000.0), owners, labels, words,
    has_followups, unfinished_followups, last_seq, last_stamp, state_format, decode(state, 'hex'), group_key
from json_to_recordset($1::text::json) as r (
    id text, version bigint, title text, service text, affects text[], env text, severity smallint, status text,
    unfinished boolean, kind text, signature text, drill boolean, created_at bigint, updated_at bigint,
    owners text[], labels text[], words text, has_followups boolean, unfinished_followups boolean,
    last_seq integer, last_stamp text, state_format smallint, state text,
    group_key text
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
    created_at = excluded.created_at,
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
where i.version = excluded.version - 1
returning i.id
