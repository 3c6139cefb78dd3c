# One look at a running engine.  Arguments: container name, time of the last log line seen (may be blank), most lines.
# Prints 'state=…', 'engine=<number of vllm processes>', then the log lines since with their timestamps.
name=$1 since=$2 most=$3
printf 'state=%s\n' "$(timeout 15 docker inspect --format '{{.State.Status}}' "$name" 2>/dev/null)"
printf 'engine=%s\n' "$(timeout 15 docker top "$name" 2>/dev/null | grep -c -E 'vllm|VLLM|EngineCore|ray::')"
printf 'log\n'
timeout 20 docker logs --timestamps ${since:+--since "$since"} "$name" 2>&1 | tail -n "$most"
