select a.incident_id, a.sha256
from unnest($1::text[], $2::text[]) as w (incident_id, sha256)
join incident_artifacts a on a.incident_id = w.incident_id and a.sha256 = w.sha256
