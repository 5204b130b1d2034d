-- What lists are read by: follow-ups as rows of their own, and an index for each order and each filter.

-- The follow-ups of all incidents as they are now, with what one asks of their incidents. Everything here follows from
-- incidents: what is missing, after a dump of the log alone was restored, is made anew.
create table followups (
    incident_id text        collate "C" not null,
    id          text        collate "C" not null,
    -- Orders those of one moment.
    position    text        collate "C" not null,
    service     text        collate "C" not null,
    affects     text[]      not null,
    env         text        collate "C" not null,
    severity    smallint    not null,
    kind        text        collate "C" not null,
    -- Each as key=value.
    labels      text[]      not null,
    drill       boolean     not null,
    owner       text        collate "C",
    unfinished  boolean     not null,
    -- The last moment that is in time; infinity without a deadline.
    due_at      timestamptz not null,
    opened_at   timestamptz not null,
    updated_at  timestamptz not null,
    -- What a search looks through, in lower case.
    words       text        not null,
    record      json        not null,
    primary key (incident_id, id)
);

create index followups_due on followups (due_at, opened_at, position);
create index followups_unfinished on followups (due_at, opened_at, position) where unfinished;
create index followups_opened on followups (opened_at, position);
create index followups_updated on followups (updated_at);
create index followups_owner on followups (owner, due_at, opened_at, position);
create index followups_service on followups (service, due_at, opened_at, position);
create index followups_env on followups (env);
create index followups_severity on followups (severity);
create index followups_kind on followups (kind);
create index followups_drill on followups (drill);
create index followups_finished on followups (updated_at) where not unfinished;
create index followups_affects on followups using gin (affects);
create index followups_labels on followups using gin (labels);
create index followups_words on followups using gin (words gin_trgm_ops);

-- The worst first and of those the newest: in one direction, so that a place in the middle is found and not walked to.
drop index incidents_severity;
create index incidents_severity on incidents ((-severity) desc, created_at desc, id desc);
drop index incidents_unfinished_followups;
create index incidents_unfinished_followups on incidents (created_at desc, id desc) where unfinished_followups;

-- For values that are rare; those that are common are met soon in the order of the list.
create index incidents_env on incidents (env);
create index incidents_kind on incidents (kind);
create index incidents_status on incidents (status);
create index incidents_drill on incidents (drill);
create index audit_log_tool on audit_log (tool);
create index audit_log_action on audit_log (action);
