-- The audit trail after a place, the oldest entries first.
select id, at, opening::text, closing::text from audit_log
where (at, id) > ($1, $2)
order by at, id
limit $3
