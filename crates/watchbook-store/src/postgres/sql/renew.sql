-- Holds a lease on.
update leases set expires_at = clock_timestamp() + $3 * interval '1 millisecond'
where name = $1 and token = $2 and expires_at > clock_timestamp()
returning name, holder, token, expires_at
