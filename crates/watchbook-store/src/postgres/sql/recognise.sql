-- Fails where a table that was restored lacks a column of the log, or the key by which a row is found.
do $$
declare
    missing text;
begin
    perform id, version, title, service, affects, env, severity, status, unfinished, kind, signature, drill,
        created_at, updated_at, owners, labels, words, has_followups, unfinished_followups,
        last_seq, last_stamp, state_format, state
    from incidents limit 0;
    perform incident_id, seq, id, change, recorded_at, type, actor, by, event from incident_events limit 0;
    perform incident_id, sha256, stored_at, bytes from incident_artifacts limit 0;
    select string_agg(name, ', ' order by name) into missing
    from unnest(array['incidents', 'incident_events', 'incident_artifacts']) as t (name)
    where not exists (
        select from pg_index where indrelid = to_regclass(t.name) and indisprimary and indisvalid
    );
    if missing is not null then
        raise exception 'the primary key of % is missing; restore the dump with its constraints', missing;
    end if;
    if not exists (
        select from pg_index
        where indrelid = to_regclass('incident_events') and indisunique and not indisprimary and indnatts = 1
    ) then
        raise exception 'incident_events lacks its unique id; restore the dump with its constraints';
    end if;
end
$$;
