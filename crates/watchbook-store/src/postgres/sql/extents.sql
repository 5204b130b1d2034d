-- Which incidents come after one in the order of ids, and how far each goes.
select id, last_seq from incidents where id > $1 order by id limit $2
