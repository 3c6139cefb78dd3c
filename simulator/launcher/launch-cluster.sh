#!/bin/bash
# Stand-in for spark-vllm-docker's launch-cluster.sh: same flags, same lines, same traps; written anew.
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source "$HERE/lib/settings.sh"
source "$HERE/lib/containers.sh"
source "$HERE/lib/command.sh"

usage() {
    echo "Usage: $0 [flags] start|stop|status|exec [command]"
    echo "       $0 [flags] --launch-script FILE"
    echo "Flags: -n -t --name --eth-if --ib-if -e -j --nccl-debug --apply-mod --launch-script --check-config"
    echo "       --solo --ray --no-ray --master-port -p -v --no-cache-dirs --keep-entrypoint --earlyoom"
    echo "       --earlyoom-args -d --non-privileged --mem-limit-gb --mem-swap-limit-gb --pids-limit"
    echo "       --shm-size-gb --config -h"
    exit 1
}

parse() {
    while [[ $# -gt 0 ]]; do
        case "$1" in
            -n|--nodes) NODES="$2"; shift 2 ;;
            -t) IMAGE="$2"; shift 2 ;;
            --name) NAME="$2"; shift 2 ;;
            --eth-if) ETH="$2"; shift 2 ;;
            --ib-if) IB="$2"; shift 2 ;;
            -e|--env) DOCKER_ARGS+=" -e $2"; shift 2 ;;
            -v|--volume) DOCKER_ARGS+=" -v $2"; shift 2 ;;
            -p|--publish) PUBLISH+=" -p $2"; shift 2 ;;
            -j) DOCKER_ARGS+=" -e MAX_JOBS=$2"; shift 2 ;;
            --nccl-debug) parse_nccl "${2:-}"; shift "$NCCL_WORDS" ;;
            --apply-mod) MODS+=("$2"); shift 2 ;;
            --launch-script) SCRIPT="$2"; shift 2 ;;
            --check-config) CHECK_ONLY=true; shift ;;
            --solo) SOLO=true; shift ;;
            --ray) RAY=true; shift ;;
            --no-ray) NO_RAY=true; shift ;;
            --master-port|--head-port) MASTER_PORT="$2"; shift 2 ;;
            --no-cache-dirs) CACHE_DIRS=false; shift ;;
            --keep-entrypoint) ENTRYPOINT=""; shift ;;
            --earlyoom) PID_ONE="earlyoom $EARLYOOM_ARGS"; shift ;;
            --earlyoom-args) EARLYOOM_ARGS="$2"; shift 2 ;;
            -d) DAEMON=true; shift ;;
            --non-privileged) PRIVILEGED=false; shift ;;
            --mem-limit-gb) MEMORY_GB="$2"; shift 2 ;;
            --mem-swap-limit-gb) SWAP_GB="$2"; shift 2 ;;
            --pids-limit) PIDS="$2"; shift 2 ;;
            --shm-size-gb) SHM_GB="$2"; shift 2 ;;
            --config) CONFIG="$2"; CONFIG_GIVEN=true; shift 2 ;;
            --setup|--discover) echo "Error: autodiscovery asks questions; write .env or pass -n."; exit 1 ;;
            -h|--help) usage ;;
            start|stop|status) ACTION="$1"; shift ;;
            # Each word is quoted once, so that the command arrives word for word in the container.
            exec) ACTION=exec; shift; COMMAND="$(printf '%q ' "$@")"; COMMAND_GIVEN=$#; break ;;
            *) echo "Error: Unknown argument or action: $1"; usage ;;
        esac
    done
}

parse_nccl() {
    case "$1" in
        VERSION|WARN|INFO|TRACE) DOCKER_ARGS+=" -e NCCL_DEBUG=$1"; NCCL_WORDS=2 ;;
        *) DOCKER_ARGS+=" -e NCCL_DEBUG=INFO"; NCCL_WORDS=1 ;;
    esac
}

validate() {
    if $RAY && $NO_RAY; then echo "Error: --ray and --no-ray are mutually exclusive."; exit 1; fi
    if $SOLO && { $RAY || $NO_RAY; }; then echo "Error: --solo cannot be combined with --ray or --no-ray."; exit 1; fi
    if [[ -n "$PUBLISH" ]] && ! $SOLO; then echo "Error: --publish requires --solo."; exit 1; fi
    find_script
}

announce() {
    echo "Head Node: $HEAD"
    echo "Worker Nodes: ${WORKERS[*]}"
    echo "Container Name: $NAME"
    echo "Image Name: $IMAGE"
    echo "Action: $ACTION"
}

require_action() {
    if [[ -z "$ACTION" ]]; then
        echo "Error: No action specified. Use: start | stop | status | exec"
        usage
    fi
    if [[ "$ACTION" == exec && -z "$SCRIPT" && "$COMMAND_GIVEN" == 0 ]]; then
        echo "Error: No command specified for exec."
        usage
    fi
}

check_ssh() {
    [[ ${#WORKERS[@]} -gt 0 ]] || return 0
    echo "Checking SSH connectivity to worker nodes..."
    for worker in "${WORKERS[@]}"; do
        if ! ssh -o BatchMode=yes -o ConnectTimeout=5 -o StrictHostKeyChecking=no "$worker" true; then
            echo "Error: Passwordless SSH to $worker failed."
            echo "  Please ensure SSH keys are configured and the host is reachable."
            exit 1
        fi
        echo "  SSH to $worker: OK"
    done
}

cleanup() {
    trap - EXIT
    if $ALREADY_RUNNING; then
        echo "Cluster was already running when script started. Skipping cleanup."
        return
    fi
    stop_cluster
}

main() {
    defaults
    parse "$@"
    load_env
    validate
    find_nodes
    announce
    require_action
    case "$ACTION" in
        stop) stop_cluster; exit 0 ;;
        status) show_status; exit 0 ;;
    esac
    check_ssh
    if $CHECK_ONLY; then
        echo "Configuration Check Complete."
        exit 0
    fi
    if ! $DAEMON; then
        trap cleanup EXIT
        trap "exit 130" INT TERM HUP
    fi
    [[ "$ACTION" == exec ]] && fit_nodes
    start_cluster
    case "$ACTION" in
        start) stay_started ;;
        exec) run_command ;;
    esac
}

main "$@"
