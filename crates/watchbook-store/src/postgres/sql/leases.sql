-- The leases that are held now.
select name, holder, token, expires_at from leases where expires_at > clock_timestamp() order by name limit $1
