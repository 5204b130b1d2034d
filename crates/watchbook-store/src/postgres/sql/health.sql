-- How many commits there are, told by the place of the last in the feed, where each incident of a commit has a row; and
-- whether this database takes none.
select
    (select coalesce(max(pos), 0) from change_feed) as commits,
    current_setting('transaction_read_only') = 'on' as read_only
