# One look at a process that run_process.py started.  Arguments: its name, time of the last log line seen (may be
# blank), most lines.  Prints 'state=running|exited' (blank: there is none), 'engine=1|0', 'code=…', 'mark=…', the log.
record=$HOME/.local/state/spark-control/processes/$1 since=$2 most=$3 state=
# A process is known by its number and its start, since numbers are used again.
started() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" {print $20}'; }
if read -r pid start 2>/dev/null <"$record/pid"; then
    state=exited
    if [ "$(started "$pid")" = "$start" ]; then state=running; fi
fi
printf 'state=%s\n' "$state"
if [ "$state" = running ]; then echo engine=1; else echo engine=0; fi
printf 'code=%s\n' "$(cat "$record/code" 2>/dev/null)"
printf 'mark=%s\n' "$(cat "$record/mark" 2>/dev/null)"
printf 'log\n'
[ -z "$state" ] || tail -n "$most" "$record/log" 2>/dev/null | awk -v since="$since" '$1 > since'
