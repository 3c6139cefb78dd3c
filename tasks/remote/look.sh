# What a host is doing now, as key=value lines.  Arguments: the Hugging Face cache of the settings (may be blank).
# Programs that may hang get a few seconds each, and run side by side, so that a wedged driver hides nothing else.
sys=${SYSFS_ROOT:-/sys} proc=${PROCFS_ROOT:-/proc}
expand() { case $1 in "~") printf %s "$HOME" ;; "~/"*) printf %s "$HOME/${1#"~/"}" ;; *) printf %s "$1" ;; esac; }
# Prints at most so many lines under a key.  It does not wait for who neither says a word nor ends.
lines() {
    local key=$1 most=$2 line
    while IFS= read -r -t 8 line; do [ $((most--)) -gt 0 ] && printf '%s=%s\n' "$key" "${line:0:2000}"; done
}
first() { local line=; read -r line 2>/dev/null <"$1"; printf %s "$line"; }

system() {
    printf 'home=%s\nhostname=%s\ncache=%s\nkernel=%s\n' "$HOME" "$(hostname)" "$cache" "$(uname -r)"
    printf 'uptime=%s\n' "$(cut -d' ' -f1 /proc/uptime)"
    printf 'load=%s\n' "$(cut -d' ' -f1-3 /proc/loadavg)"
    free -b | while read -r kind total used _ _ cache available; do
        case $kind in
            Mem:) printf 'memory=%s %s\npage_cache=%s\n' "$total" "$available" "$cache" ;;
            Swap:) printf 'swap=%s %s\n' "$total" "$used" ;;
        esac
    done
    sed 's/^/pressure=/' "$proc/pressure/memory" 2>/dev/null
    lines public_key 1 2>/dev/null <"$HOME/.ssh/id_ed25519.pub"
}
disk() {
    place=$cache
    while [ ! -e "$place" ]; do place=$(dirname "$place"); done
    # A share that has gone away lets df hang.
    timeout -k 1 5 df -B1 --output=avail,size "$place" | tail -n 1 |
        while read -r free size; do printf 'disk_free=%s\ndisk_total=%s\n' "$free" "$size"; done
    printf 'disk_code=%s\n' "${PIPESTATUS[0]}"
    timeout -k 1 5 df -B1 --output=avail,size / | tail -n 1 | lines root 1
}
network() {
    lan=$(ip route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)
    printf 'lan=%s %s\n' "$lan" "$(first "$sys/class/net/$lan/address")"
    ip -o -4 addr show | awk '{print $2, $4}' | lines address 50
    # RoCE: each port of the fast link, by the name of its adapter and of its interface.
    for adapter in "$sys"/class/infiniband/*; do
        [ -e "$adapter/ports/1/state" ] || continue
        interface=$(basename "$(echo "$adapter"/device/net/*)")
        state=$(first "$adapter/ports/1/state") rate=$(first "$adapter/ports/1/rate")
        printf 'link=%s %s %s %s\n' "$(basename "$adapter")" "${interface#\*}" "${state#*: }" "${rate%% *}"
    done
}
# A wedged driver lets nvidia-smi hang for minutes, deaf to any signal: it gets five seconds, and its shell goes
# without it.  Three that hang already are enough.
smi() { timeout -k 1 5 bash -c 'trap : TERM; nvidia-smi --format=csv,noheader,nounits "$1"; exit $?' - "$1" 2>/dev/null; }
stuck() {
    local many=0 status
    for file in "$proc"/[0-9]*/stat; do
        read -r status 2>/dev/null <"$file" && [[ $status == *"(nvidia-smi) D "* ]] && many=$((many + 1))
    done
    [ $many -ge 3 ]
}
gpu() {
    if stuck; then printf 'nvidia_smi_code=124\n'; return; fi
    smi --query-gpu=name,utilization.gpu,temperature.gpu,power.draw,clocks.sm,clocks_event_reasons.active,driver_version |
        lines gpu 8
    code=${PIPESTATUS[0]}
    printf 'nvidia_smi_code=%s\n' "$code"
    [ "$code" = 0 ] || return
    smi --query-compute-apps=pid,used_memory,process_name | lines row 50 | while IFS= read -r line; do
        line=${line#row=}
        group=$(sed -n 's/.*docker[-/]\([0-9a-f]\{64\}\).*/\1/p' "$proc/${line%%,*}/cgroup" 2>/dev/null)
        printf 'gpu_process=%s,%s\n' "${group%%$'\n'*}" "$line"
    done
}
containers() {
    rows=$(timeout -k 1 7 docker ps -a --no-trunc --format '{"ID":{{json .ID}},"Names":{{json .Names}},"State":{{json .State}},"Status":{{json .Status}},"Image":{{json .Image}}}')
    code=$?
    printf '%s' "${rows:+$rows$'\n'}" | lines container 200
    printf 'docker_code=%s\n' "$code"
    ids=$(printf '%s\n' "$rows" | sed -n 's/.*"ID":"\([0-9a-f]*\)".*/\1/p' | head -n 200)
    [ -z "$ids" ] && return
    # shellcheck disable=SC2086 # one word each
    timeout -k 1 7 docker inspect --type container --format '{{.Id}} {{.RestartCount}} {{.State.StartedAt}} {{if .State.Health}}{{.State.Health.Status}}{{end}}' $ids 2>/dev/null |
        lines inspected 200
}
# Processes that run_process.py started; a number is used again, its start with it is not.
started() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" {print $20}'; }
processes() {
    for record in "$HOME"/.local/state/spark-control/processes/*/; do
        read -r pid start 2>/dev/null <"$record/pid" || continue
        if [ "$(started "$pid")" = "$start" ]; then state=running; else state=exited; fi
        printf 'process=%s %s %s\n' "$(basename "$record")" "$state" "$(cat "$record/mark" 2>/dev/null)"
    done
}

cache=$(expand "${1:-${HF_HOME:-$HOME/.cache/huggingface}}")
gpu &
containers &
disk 2>/dev/null &
network 2>/dev/null &
system
processes
wait
