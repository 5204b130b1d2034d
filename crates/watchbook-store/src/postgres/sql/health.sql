-- How many commits there are, told by the place of the last, and whether this database takes none.
select
    (select coalesce(max(pos), 0) from change_feed) as commits,
    current_setting('transaction_read_only') = 'on' as read_only
