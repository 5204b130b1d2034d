-- Gives a lease, if it has ended or its holder asks. Forgets some that ended long ago. Time is the database's, at the
-- moment itself: all servers share that clock, whatever their own ones say.
with forgotten as (
    delete from leases
    where name in (
        select name from leases
        where expires_at < clock_timestamp() - interval '1 day' and name <> $1
        order by expires_at
        limit 10
        for update skip locked
    )
)
insert into leases as l (name, holder, token, expires_at)
values ($1, $2, nextval('lease_tokens'), clock_timestamp() + $3 * interval '1 millisecond')
on conflict (name) do update set
    holder = excluded.holder,
    -- Drawn while the row is held, so it is greater than the one before.
    token = nextval('lease_tokens'),
    expires_at = clock_timestamp() + $3 * interval '1 millisecond'
where l.expires_at <= clock_timestamp() or l.holder = excluded.holder
returning name, holder, token, expires_at
