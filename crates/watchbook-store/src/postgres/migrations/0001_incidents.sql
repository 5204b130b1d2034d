-- The three tables that hold the log itself. A dump of these three restores into a working store.
create extension if not exists pg_trgm;

-- The current state of every incident. Everything here follows from incident_events.
create table incidents (
    id                   text collate "C" primary key,
    -- Counts the writes: a write goes through only on the version it was decided on.
    version              bigint      not null,
    title                text        not null,
    service              text        collate "C" not null,
    affects              text[]      not null,
    env                  text        collate "C" not null,
    -- 0 is the worst.
    severity             smallint    not null,
    status               text        collate "C" not null,
    unfinished           boolean     not null,
    kind                 text        collate "C" not null,
    signature            text        collate "C" not null,
    drill                boolean     not null,
    created_at           timestamptz not null,
    updated_at           timestamptz not null,
    -- Holders of roles, and owners of follow-ups.
    owners               text[]      not null,
    -- Each as key=value.
    labels               text[]      not null,
    -- What a search looks through, in lower case.
    words                text        not null,
    has_followups        boolean     not null,
    unfinished_followups boolean     not null,
    last_seq             integer     not null,
    last_stamp           text        collate "C" not null,
    -- The fold of the events in the form of the program that wrote it: a cache. A program that knows another form
    -- folds the events again.
    state_format         smallint    not null,
    state                bytea       not null
);

create index incidents_created on incidents (created_at desc, id desc);
create index incidents_updated on incidents (updated_at desc, id desc);
create index incidents_severity on incidents (severity, created_at desc, id desc);
create index incidents_unfinished on incidents (created_at desc, id desc) where unfinished;
create index incidents_service on incidents (service, created_at desc, id desc);
create index incidents_alike on incidents (service, env, signature, created_at desc, id desc) where unfinished;
create index incidents_signature on incidents (signature, created_at desc, id desc);
create index incidents_followups on incidents (id) where has_followups;
create index incidents_unfinished_followups on incidents (id) where unfinished_followups;
create index incidents_affects on incidents using gin (affects);
create index incidents_owners on incidents using gin (owners);
create index incidents_labels on incidents using gin (labels);
create index incidents_words on incidents using gin (words gin_trgm_ops);

-- Every line of every timeline. Nothing is deleted; a redaction blanks the texts of a line.
create table incident_events (
    incident_id text        collate "C" not null,
    seq         integer     not null,
    id          text        collate "C" not null unique,
    change      text        collate "C" not null,
    recorded_at timestamptz not null,
    type        text        collate "C" not null,
    actor       text        collate "C" not null,
    -- Who made the change, through which key, in which request.
    by          json        not null,
    -- The line in its durable form: the same as a record of events.jsonl.
    event       json        not null,
    primary key (incident_id, seq)
);

create index incident_events_change on incident_events (change);

-- The bytes of every version of every artifact.
create table incident_artifacts (
    incident_id text        collate "C" not null,
    sha256      text        collate "C" not null,
    stored_at   timestamptz not null,
    bytes       bytea       not null,
    primary key (incident_id, sha256)
);
