-- One log is brought in at a time: two that bring in twins at once would not see each other's. Nothing here may wait
-- longer than the transaction may take.
select
    pg_advisory_xact_lock($1) is null as locked,
    set_config('statement_timeout', $2, true) as patience
