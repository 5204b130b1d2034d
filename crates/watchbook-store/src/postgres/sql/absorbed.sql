select n from replay_progress where source = $1
