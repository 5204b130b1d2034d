-- How long this transaction waits for a lock. It ends with the transaction, so a pooler hands it to nobody.
select set_config('lock_timeout', $1, true)
