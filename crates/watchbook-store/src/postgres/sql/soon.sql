-- For this transaction alone: its end does not wait for the disk.
select set_config('synchronous_commit', 'off', true)
