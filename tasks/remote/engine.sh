# One look at a running engine.  Arguments: container name, time of the last log line seen (may be blank), most lines.
# Prints 'state=…', 'engine=<number of vllm processes>', then the log lines since with their timestamps.
# In a container of `docker run`, known by its label, the first process is the engine, whatever it is.
name=$1 since=$2 most=$3
state=$(timeout 15 docker inspect --format '{{.State.Status}}' "$name" 2>/dev/null)
printf 'state=%s\n' "$state"
if timeout 15 docker inspect --format '{{json .Config.Labels}}' "$name" 2>/dev/null | grep -q '"spark-control.launch"'; then
    if [ "$state" = running ]; then echo engine=1; else echo engine=0; fi
else
    printf 'engine=%s\n' "$(timeout 15 docker top "$name" 2>/dev/null | grep -c -E 'vllm|VLLM|EngineCore|ray::')"
fi
printf 'log\n'
timeout 20 docker logs --timestamps ${since:+--since "$since"} "$name" 2>&1 | tail -n "$most"
