# What a host is doing now, as key=value lines.  Arguments: the Hugging Face cache of the settings (may be blank).
expand() { case $1 in "~") printf %s "$HOME" ;; "~/"*) printf %s "$HOME/${1#"~/"}" ;; *) printf %s "$1" ;; esac; }
cache=$(expand "${1:-${HF_HOME:-$HOME/.cache/huggingface}}")
printf 'home=%s\n' "$HOME"
printf 'hostname=%s\n' "$(hostname)"
printf 'cache=%s\n' "$cache"
printf 'uptime=%s\n' "$(cut -d' ' -f1 /proc/uptime)"
printf 'load=%s\n' "$(cut -d' ' -f1-3 /proc/loadavg)"
free -b | while read -r kind total _ _ _ _ available; do
    if [ "$kind" = Mem: ]; then printf 'memory=%s %s\n' "$total" "$available"; fi
done
place=$cache
while [ ! -e "$place" ]; do place=$(dirname "$place"); done
printf 'disk_free=%s\n' "$(df -B1 --output=avail "$place" | tail -n 1 | tr -d ' ')"
# A wedged driver lets nvidia-smi hang for minutes, deaf to SIGTERM: it gets five seconds.
timeout -k 1 5 nvidia-smi --query-gpu=name,utilization.gpu,temperature.gpu,power.draw --format=csv,noheader,nounits |
    while read -r line; do printf 'gpu=%s\n' "$line"; done
printf 'nvidia_smi_code=%s\n' "${PIPESTATUS[0]}"
timeout -k 1 15 docker ps -a --format '{{json .}}' | while read -r line; do printf 'container=%s\n' "$line"; done
printf 'docker_code=%s\n' "${PIPESTATUS[0]}"
# Processes that run_process.py started; a number is used again, its start with it is not.
started() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" {print $20}'; }
for record in "$HOME"/.local/state/spark-control/processes/*/; do
    read -r pid start 2>/dev/null <"$record/pid" || continue
    if [ "$(started "$pid")" = "$start" ]; then state=running; else state=exited; fi
    printf 'process=%s %s %s\n' "$(basename "$record")" "$state" "$(cat "$record/mark" 2>/dev/null)"
done
