insert into replay_met (source, event_id) select $1, id from unnest($2::text[]) as m (id) on conflict do nothing
