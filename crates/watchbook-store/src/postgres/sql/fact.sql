select value from store_facts where name = $1
