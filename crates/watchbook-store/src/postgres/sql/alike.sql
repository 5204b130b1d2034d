-- Unfinished incidents that look like the same thing, the newest first.
select id from incidents
where unfinished and service = $1 and env = $2 and signature = $3 and id <> $4
order by created_at desc, id desc
limit $5
