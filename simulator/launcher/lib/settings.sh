# Settings of the launcher: defaults, the .env file, and which nodes there are.

defaults() {
    NODES="" IMAGE=vllm-node NAME="" ETH="" IB="" DOCKER_ARGS="" PUBLISH="" MODS=() SCRIPT="" ACTION=""
    COMMAND="" COMMAND_GIVEN=0 CONFIG="$HERE/.env" CONFIG_GIVEN=false ENTRYPOINT="--entrypoint=" MASTER_PORT=""
    MEMORY_GB=110 SWAP_GB="" PIDS=4096 SHM_GB=64 NCCL_WORDS=1 PID_ONE="sleep infinity"
    CHECK_ONLY=false SOLO=false RAY=false NO_RAY=false CACHE_DIRS=true DAEMON=false PRIVILEGED=true
    ALREADY_RUNNING=false
    EARLYOOM_ARGS="${VLLM_SPARK_EARLYOOM_ARGS:--M 524288,102400 -s 100 -r 60}"
}

# Every KEY="value" becomes DOTENV_KEY; flags win over the file, the file over detection.
load_env() {
    if [[ ! -f "$CONFIG" ]]; then
        $CONFIG_GIVEN && { echo "Error: Config file not found: $CONFIG"; exit 1; }
        return
    fi
    echo "Loading configuration from ${CONFIG##*/} file..."
    local line key value names=""
    while IFS= read -r line; do
        [[ "$line" =~ ^[[:space:]]*(#|$) ]] && continue
        if ! [[ "$line" =~ ^([A-Za-z_][A-Za-z0-9_]*)=\"?([^\"]*)\"?$ ]]; then
            echo "Error: Invalid syntax in $CONFIG: $line"; exit 1
        fi
        key="DOTENV_${BASH_REMATCH[1]}" value="${BASH_REMATCH[2]}"
        [[ " $names" == *" $key "* ]] && { echo "Error: Duplicate key in $CONFIG: ${key#DOTENV_}"; exit 1; }
        printf -v "$key" '%s' "$value"
        names+="$key "
        if [[ "$key" == DOTENV_CONTAINER_?* && "$key" != DOTENV_CONTAINER_NAME ]]; then
            DOCKER_ARGS+=" -e ${key#DOTENV_CONTAINER_}=$value"
        fi
    done < "$CONFIG"
    echo "Loaded .env variables: $names"
    NODES="${NODES:-${DOTENV_CLUSTER_NODES:-}}" NAME="${NAME:-${DOTENV_CONTAINER_NAME:-}}"
    ETH="${ETH:-${DOTENV_ETH_IF:-}}" IB="${IB:-${DOTENV_IB_IF:-}}"
    MASTER_PORT="${MASTER_PORT:-${DOTENV_MASTER_PORT:-}}"
}

find_script() {
    [[ -n "$SCRIPT" ]] || return 0
    local candidate
    for candidate in "$SCRIPT" "$SCRIPT.sh" "$HERE/examples/$SCRIPT" "$HERE/examples/$SCRIPT.sh"; do
        if [[ -f "$candidate" ]]; then
            SCRIPT="$(realpath "$candidate")" ACTION=exec
            echo "Using launch script: $SCRIPT"
            return
        fi
    done
    echo "Error: Launch script '$SCRIPT' not found."
    exit 1
}

# The first node is the head and must be an address of this machine.
find_nodes() {
    NAME="${NAME:-vllm_node}" MASTER_PORT="${MASTER_PORT:-29501}" WORKERS=()
    if $SOLO; then
        HEAD=127.0.0.1
        return
    fi
    detect_interfaces
    if [[ -z "$NODES" ]]; then
        echo "Error: Nodes argument (-n) is mandatory or could not be auto-detected."
        exit 1
    fi
    IFS=, read -ra WORKERS <<< "${NODES// /}"
    HEAD="${WORKERS[0]}" WORKERS=("${WORKERS[@]:1}")
    if ! ip -o -4 addr | grep -qF " $HEAD/"; then
        echo "Error: Local IP is not in the list of nodes ($NODES): the first must be this machine."
        exit 1
    fi
}

detect_interfaces() {
    [[ -n "$ETH" && -n "$IB" ]] && return
    if ! command -v ibdev2netdev > /dev/null; then
        echo "Error: ibdev2netdev not found. Please specify --eth-if and --ib-if."
        exit 1
    fi
    local up; up="$(ibdev2netdev | grep '(Up)')"
    IB="${IB:-$(awk '{print $1}' <<< "$up" | paste -sd, -)}"
    ETH="${ETH:-$(awk '$5 ~ /^enp/ {print $5}' <<< "$up" | head -1)}"
}
