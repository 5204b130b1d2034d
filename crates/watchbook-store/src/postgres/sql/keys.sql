select record::text from api_keys order by position
