-- Whether the three tables of the log are there.
select to_regclass('incidents') is not null
    and to_regclass('incident_events') is not null
    and to_regclass('incident_artifacts') is not null
