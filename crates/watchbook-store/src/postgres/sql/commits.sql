-- How many commits there are, told by the place of the last.
select coalesce(max(pos), 0) from change_feed
