-- What it takes to bring in what other logs wrote while they were apart.

-- The group of alerts that an incident was opened for.
alter table incidents add column group_key text collate "C";

create index incidents_group on incidents (group_key, created_at) where group_key is not null;

-- Few lines are of these types; those that were derived must not be derived again.
create index incident_events_derived on incident_events (incident_id) where type in ('conflict', 'merge');

-- Up to which number the commits of another log are here.
create table replay_progress (
    source text   collate "C" primary key,
    n      bigint not null
);

-- Lines that another log has of its own, though another node stamped the one that is here.
create table replay_met (
    source   text collate "C" not null,
    event_id text collate "C" not null,
    primary key (source, event_id)
);
