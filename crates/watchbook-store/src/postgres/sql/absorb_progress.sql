-- How far the commits of a log are here, held until the transaction ends.
insert into replay_progress as p (source, n) values ($1, 0)
on conflict (source) do update set n = p.n
returning n
