select bytes from incident_artifacts where incident_id = $1 and sha256 = $2
