-- A million incidents as they pile up in two years, skewed as they are in life: few unfinished, most in production, some
-- values rare. One incident is there already; all share its packed state.
alter table incidents set unlogged;
alter table incident_events set unlogged;
alter table followups set unlogged;
alter table audit_log set unlogged;
alter table idempotency_keys set unlogged;

-- The same set each time.
select setseed(0.5);

with base as materialized (
    select i, timestamptz '2024-01-01 00:00:00+00' + i * interval '1 minute' as created, r1, r2, r3, r4, r5, r6
    from (
        select i, random() as r1, random() as r2, random() as r3, random() as r4, random() as r5, random() as r6
        from generate_series(1, 1000000) as i
    ) as drawn
), shaped as (
    select
        i, created, r5,
        'inc_' || to_char(created at time zone 'UTC', 'YYYYMMDD_HH24MI') || '_' || lpad(i::text, 6, '0') as id,
        'service-' || lpad(floor(200 * r1 * r1)::int::text, 3, '0') as service,
        case when r2 < 0.1 then array['service-' || lpad(floor(200 * r3)::int::text, 3, '0')] else '{}' end as affects,
        case when r3 < 0.93 then 'prod' when r3 < 0.9999 then 'staging' else 'dr-drill' end as env,
        (case when r4 < 0.01 then 0 when r4 < 0.1 then 1 when r4 < 0.5 then 2 when r4 < 0.85 then 3 else 4 end)::smallint
            as severity,
        case
            when r5 < 0.001 then (array['triage', 'open', 'acknowledged', 'mitigated'])[1 + (i % 4)]
            when r5 < 0.02 then 'merged'
            when r5 < 0.0205 then 'canceled'
            when r5 < 0.1 then 'resolved'
            else 'closed'
        end as status,
        (array['error_rate', 'error_rate', 'latency', 'availability', 'saturation', 'deploy', 'data', 'custom'])
            [1 + floor(8 * r6)::int] as kind,
        lpad(to_hex((i % 20011) * 100003), 16, '0') as signature,
        r6 < 0.01 as drill,
        created + (r2 * r2 * 7 * 1440) * interval '1 minute' as updated,
        case when r1 < 0.3 then array['user-' || floor(300 * r2)::int] else '{}' end as owners,
        case when r6 < 0.05 then array['region=eu-west-' || (i % 3), 'team=team-' || (i % 40)] else '{}' end as labels,
        r4 between 0.5 and 0.51 as followed,
        'checkout answers ' || (500 + i % 5) || ' behind pool ' || i % 97 as title
    from base
), put as (
    insert into incidents (
        id, version, title, service, affects, env, severity, status, unfinished, kind, signature, drill, created_at,
        updated_at, owners, labels, words, has_followups, unfinished_followups, last_seq, last_stamp, state_format, state
    )
    select
        s.id, 1, s.title, s.service, s.affects, s.env, s.severity, s.status, s.r5 < 0.001, s.kind, s.signature, s.drill,
        s.created, s.updated, s.owners, s.labels, s.id || ' ' || s.title || ' ' || s.service,
        s.followed, s.followed and s.i % 3 = 0, 1, one.last_stamp, one.state_format, one.state
    from shaped as s, (select last_stamp, state_format, state from incidents limit 1) as one
)
insert into followups (
    incident_id, id, position, service, affects, env, severity, kind, labels, drill, owner, unfinished,
    due_at, opened_at, updated_at, words, record
)
select
    id, 'evt_' || md5(id || n), md5(id || n), service, affects, env, severity, kind, labels, drill, 'user-' || i % 300,
    i % 3 = 0, case when i % 5 = 0 then 'infinity' else created + i % 90 * interval '1 day' end, created, updated,
    'evt_' || md5(id || n) || ' raise the pool size user-' || i % 300 || ' ops-' || i, '{}'
from shaped, generate_series(1, 3) as n
where followed;

insert into incident_events (incident_id, seq, id, change, recorded_at, type, actor, by, event)
select id, 1, 'evt_' || md5(id), 'chg_' || md5(id), created_at, 'created', 'sofiia', '{}', '{}'
from incidents
on conflict do nothing;

insert into audit_log (id, at, agent, tool, action, incident, outcome, opening, closing)
select
    'evt_' || md5('audit' || i),
    timestamptz '2024-01-01 00:00:00+00' + i * interval '1 minute',
    'agent-' || i % 50,
    case when i % 4 = 0 then 'oncall_tool' when i % 100000 = 1 then 'agent_tool' else 'incident_tool' end,
    case when i % 100000 = 1 then 'key_revoke' else (array['incident_get', 'incident_list', 'timeline_append'])[1 + i % 3] end,
    case when i % 2 = 0 then 'inc_20240101_0000_' || lpad((i % 50000)::text, 6, '0') end,
    case when i % 200000 = 0 then 'denied' else 'ok' end,
    '{}', '{}'
from generate_series(1, 1000000) as i;
