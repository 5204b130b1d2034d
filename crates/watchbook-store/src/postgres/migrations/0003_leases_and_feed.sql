-- Who holds which lease. One that has ended keeps its row for a day.
create table leases (
    name       text        collate "C" primary key,
    holder     text        collate "C" not null,
    -- Greater each time the lease is given.
    token      bigint      not null,
    expires_at timestamptz not null
);

create index leases_expires on leases (expires_at);

create sequence lease_tokens;

-- For the question whether a row of the feed tells of lines that were told already: a transaction that began early can
-- write late.
create index change_feed_incident on change_feed (incident_id, last_seq);

-- Tells this feed from one that the same rows were copied from: by the cluster, its timeline, and the table itself.
create function feed_epoch() returns bigint language sql stable as $$
    select hashtextextended(
        concat_ws(
            '/',
            (select system_identifier from pg_control_system()),
            (select timeline_id from pg_control_checkpoint()),
            (select oid from pg_database where datname = current_database()),
            'change_feed'::regclass::oid
        ),
        0
    )
$$;
