-- Takes every index away that is no constraint, and keeps how it is made: a million rows are loaded sooner without.
create table set_aside as
select indexdef as made_by, indexname as name from pg_indexes
where schemaname = current_schema() and indexname not in (select conname from pg_constraint);

do $$
declare
    aside record;
begin
    for aside in select name from set_aside loop
        execute format('drop index %I', aside.name);
    end loop;
end
$$;
