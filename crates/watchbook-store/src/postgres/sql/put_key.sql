insert into api_keys (id, record) values ($1, $2::text::json)
on conflict (id) do update set record = excluded.record
