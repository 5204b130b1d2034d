update replay_progress set n = $2 where source = $1
