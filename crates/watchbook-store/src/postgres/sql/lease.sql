-- A lease that is held now.
select name, holder, token, expires_at from leases where name = $1 and expires_at > clock_timestamp()
