-- Drops rows of the feed that came with a copy of another cluster: in time they would be told as news.
delete from change_feed where xid >= pg_snapshot_xmax(pg_current_snapshot())
