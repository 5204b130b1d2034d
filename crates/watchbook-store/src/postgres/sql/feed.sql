-- A stretch of the feed after the row $2 of transaction $1, and whether that row is still there. Only rows whose
-- transaction is older than every running one: no row can come before them any more.
select
    (select feed_epoch()) as epoch,
    ($2 = 0 or exists (select from change_feed where pos = $2 and xid = $1::xid8)) as is_there,
    told.*
from (select) as always
left join lateral (
    select
        f.xid::text::bigint as xid, f.pos, f.incident_id, f.last_seq,
        -- A transaction that began before another can write a later line of the same incident. Whoever was told that line
        -- knows of the earlier ones.
        not exists (
            select from change_feed as e
            where e.incident_id = f.incident_id and e.last_seq >= f.last_seq and (e.xid, e.pos) < (f.xid, f.pos)
        ) as is_news
    from change_feed as f
    where (f.xid, f.pos) > ($1::xid8, $2) and f.xid < pg_snapshot_xmin(pg_current_snapshot())
    order by f.xid, f.pos
    limit $3
) as told on true
order by told.xid, told.pos
