# The command of the launcher: how many nodes it needs, and how it reaches every container word for word.

node() { if [[ "$1" == 0 ]]; then echo "$HEAD"; else echo "${WORKERS[$1 - 1]}"; fi; }

# Run a command line on the node of that rank.
on() {
    if [[ "$1" == 0 ]]; then bash -c "$2"; else
        ssh -o BatchMode=yes -o StrictHostKeyChecking=no "$(node "$1")" "$2"
    fi
}

# Copy a file or folder into the container on the node of that rank.
send() {
    if [[ "$1" == 0 ]]; then docker cp "$2" "$NAME:$3" 2> /dev/null; return; fi
    local aside; aside="/tmp/$(basename "$2").$$"
    scp -r -q "$2" "$(node "$1"):$aside" && on "$1" "docker cp $aside $NAME:$3; rm -rf $aside" 2> /dev/null
}

# A launch script's text stands for the command wherever its words are looked for.
command_text() { if [[ -n "$SCRIPT" ]]; then cat "$SCRIPT"; else echo "$COMMAND"; fi; }

size_of() {
    local found; found="$(command_text | grep -oE -- "(^|[[:space:]])($1)[= ]+[0-9]+" | tail -1 | grep -oE '[0-9]+$')"
    echo "${found:-}"
}

# tp * pp * dp nodes are needed: too few is an error, the rest is left out.
# With none of the three stated all nodes are used, though vLLM will then use one.
fit_nodes() {
    local tp pp dp needed have=$((${#WORKERS[@]} + 1))
    tp="$(size_of '-tp|--tensor-parallel-size')" pp="$(size_of '-pp|--pipeline-parallel-size')"
    dp="$(size_of '-dp|--data-parallel-size')"
    [[ -n "$tp$pp$dp" ]] && ! $SOLO || return 0
    needed=$((${tp:-1} * ${pp:-1} * ${dp:-1}))
    if ((needed > have)); then
        echo "Error: Command requires $needed nodes (tp=${tp:-1} * pp=${pp:-1} * dp=${dp:-1}) but only $have node(s) are configured."
        exit 1
    fi
    if ((needed < have)); then
        echo "Note: Command requires only $needed node(s); using the first $needed of $have."
        WORKERS=("${WORKERS[@]:0:needed-1}")
    fi
}

multi_node() { [[ ${#WORKERS[@]} -gt 0 ]] && { [[ -n "$SCRIPT" ]] || [[ "$COMMAND" == *"vllm serve"* ]]; }; }

rank_words() {
    echo "--nnodes $((${#WORKERS[@]} + 1)) --node-rank $1 --master-addr $HEAD --master-port $MASTER_PORT"
    [[ "$1" == 0 ]] || echo "--headless"
}

without_backend() { sed -E 's/--distributed-executor-backend[= ]+[^ ]+//'; }

# The script goes into new containers only; the words of a rank are added to its last line.
copy_script() {
    [[ -n "$SCRIPT" ]] || return 0
    local rank text last; local folder; folder="$(mktemp -d)"
    for rank in $(seq 0 ${#WORKERS[@]}); do
        text="$(grep -vE '^[[:space:]]*\\?[[:space:]]*$' "$SCRIPT")"
        if multi_node && ! $RAY; then
            text="$(without_backend <<< "$text")"
            last="$(tail -n 1 <<< "$text")"
            text="$(head -n -1 <<< "$text")"$'\n'"${last%\\} $(rank_words "$rank" | paste -sd' ' -)"
        fi
        printf '%s\n' "$text" > "$folder/exec-script.sh"
        chmod +x "$folder/exec-script.sh"
        send "$rank" "$folder/exec-script.sh" /workspace/exec-script.sh
    done
    rm -rf "$folder"
}

start_ray() {
    local rank tries
    local common="--object-store-memory 1073741824 --num-cpus 2 --disable-usage-stats"
    on 0 "docker exec -d $NAME bash -c 'ray start --block --head --port $MASTER_PORT $common --include-dashboard=false >> /proc/1/fd/1 2>&1'"
    for rank in $(seq 1 ${#WORKERS[@]}); do
        on "$rank" "docker exec -d $NAME bash -c 'ray start --block --address $HEAD:$MASTER_PORT $common >> /proc/1/fd/1 2>&1'"
    done
    echo "Waiting for cluster to be ready..."
    for tries in $(seq 30); do
        if docker exec "$NAME" ray status > /dev/null 2>&1; then
            echo "Cluster head is responsive."
            return
        fi
        sleep "$(awk -v scale="${SIM_SCALE:-1}" 'BEGIN {print 2 * scale}')"
    done
    echo "Timeout waiting for cluster to start."
    exit 1
}

# Workers first and always detached, the head last.
run_command() {
    [[ -n "$SCRIPT" ]] && COMMAND="/workspace/exec-script.sh"
    echo "Executing command: $COMMAND"
    local rank text
    if multi_node && ! $RAY; then
        for rank in $(seq 1 ${#WORKERS[@]}); do
            echo "Launching worker (rank $rank) on $(node "$rank")..."
            text="$(ranked "$rank") >> /proc/1/fd/1 2>&1"
            on "$rank" "docker exec -d $NAME bash -c $(printf '%q' "$text")"
        done
        COMMAND="$(ranked 0)"
    elif $RAY && [[ "$COMMAND" == *"vllm serve"* && "$COMMAND" != *--distributed-executor-backend* ]]; then
        COMMAND+=" --distributed-executor-backend ray"
    fi
    echo "Executing command on head node (rank 0): $COMMAND"
    if $DAEMON; then
        docker exec -d "$NAME" bash -c "$COMMAND >> /proc/1/fd/1 2>&1"
        echo "Command dispatched in background (Daemon mode). Container: $NAME"
    elif [[ -t 0 ]]; then
        docker exec -it "$NAME" bash -c "$COMMAND"
    else
        docker exec -i "$NAME" bash -c "$COMMAND"
    fi
}

ranked() {
    if [[ -n "$SCRIPT" ]]; then echo "$COMMAND"; else
        echo "$(without_backend <<< "$COMMAND") $(rank_words "$1" | paste -sd' ' -)"
    fi
}

stay_started() {
    if $DAEMON; then
        echo "Cluster started in background (Daemon mode)."
        return
    fi
    echo "Cluster started. Tailing logs from head node..."
    echo "Press Ctrl+C to stop the cluster."
    docker logs -f "$NAME"
}
