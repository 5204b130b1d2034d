-- Keeps a fact, unless another server was quicker; whoever asks afterwards gets the one that stands.
insert into store_facts (name, value) values ($1, $2) on conflict do nothing
