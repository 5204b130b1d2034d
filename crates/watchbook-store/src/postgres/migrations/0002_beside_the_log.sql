-- What stands beside the log and can begin anew after a dump of the log alone was restored.

-- Idempotency keys that are still remembered.
create table idempotency_keys (
    change      text        collate "C" primary key,
    body        text        collate "C" not null,
    incident_id text        collate "C" not null,
    -- The last line of that incident right after the change.
    seq         integer     not null,
    look_alikes text[]      not null,
    used_at     timestamptz not null
);

create index idempotency_keys_used on idempotency_keys (used_at);

-- One row per commit. Readers take only rows whose transaction is older than every running one, so they miss none.
create table change_feed (
    pos         bigint generated always as identity primary key,
    xid         xid8   not null default pg_current_xact_id(),
    incident_id text   collate "C" not null,
    last_seq    integer not null
);

create index change_feed_order on change_feed (xid, pos);

create table api_keys (
    position bigint generated always as identity,
    id       text collate "C" primary key,
    record   json not null
);

create table audit_log (
    id       text        collate "C" primary key,
    at       timestamptz not null,
    agent    text        collate "C" not null,
    tool     text        collate "C" not null,
    action   text        collate "C" not null,
    incident text        collate "C",
    outcome  text        collate "C",
    opening  json        not null,
    closing  json
);

create index audit_log_at on audit_log (at desc, id);
create index audit_log_agent on audit_log (agent, at desc, id);
create index audit_log_incident on audit_log (incident, at desc, id) where incident is not null;

-- What belongs to the store as a whole: its id and the pepper of its keys.
create table store_facts (
    name  text collate "C" primary key,
    value text not null
);
