-- Which store this is, if it was ever given an id, and how many commits it holds.
select
    (select value from store_facts where name = 'store_id') as store,
    (select coalesce(max(pos), 0) from change_feed) as commits
