-- The last row of the feed whose transaction is older than every running one, and whether rows stand beyond every
-- transaction of this cluster: they came with a copy of another.
select
    (select feed_epoch()) as epoch,
    coalesce(last.xid::text::bigint, 0) as xid,
    coalesce(last.pos, 0) as pos,
    exists (select from change_feed where xid >= pg_snapshot_xmax(pg_current_snapshot())) as has_foreign
from (select) as always
left join lateral (
    select xid, pos from change_feed
    where xid < pg_snapshot_xmin(pg_current_snapshot())
    order by xid desc, pos desc
    limit 1
) as last on true
