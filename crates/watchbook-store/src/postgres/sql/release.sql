-- Ends a lease. Its row stays for the token.
update leases set expires_at = clock_timestamp()
where name = $1 and token = $2 and expires_at > clock_timestamp()
