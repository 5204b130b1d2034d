-- The bodies that changes were made with, as far as their keys are remembered.
select change, body from idempotency_keys where change = any($1)
