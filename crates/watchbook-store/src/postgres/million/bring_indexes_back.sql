-- Makes the indexes again, as they were, and tells the planner what is there.
set maintenance_work_mem = '256MB';

do $$
declare
    aside record;
begin
    for aside in select made_by from set_aside loop
        execute aside.made_by;
    end loop;
end
$$;

drop table set_aside;
analyze incidents, incident_events, followups, audit_log, change_feed, idempotency_keys;
