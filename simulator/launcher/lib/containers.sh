# Containers of the launcher: equal images, one container per node, and their end.

# The same name on head or any worker counts as a running cluster, and nothing is applied anew.
check_running() {
    local worker
    if docker ps --format '{{.Names}}' | grep -q "^$NAME$"; then
        echo "Warning: Container '$NAME' is already running on head node ($HEAD)."
        ALREADY_RUNNING=true
    fi
    for worker in "${WORKERS[@]}"; do
        if ssh "$worker" "docker ps --format '{{.Names}}' | grep -q '^$NAME$'"; then
            echo "Warning: Container '$NAME' is already running on worker node ($worker)."
            ALREADY_RUNNING=true
        fi
    done
    $ALREADY_RUNNING
}

check_images() {
    [[ ${#WORKERS[@]} -gt 0 ]] || return 0
    echo "Verifying Docker image consistency across cluster nodes..."
    local head_id id worker equal=true
    head_id="$(docker image inspect --format '{{.Id}}' "$IMAGE" 2> /dev/null)"
    echo "  [HEAD] $HEAD: ${head_id:-missing}"
    [[ -n "$head_id" ]] || equal=false
    for worker in "${WORKERS[@]}"; do
        id="$(ssh -o BatchMode=yes -o StrictHostKeyChecking=no "$worker" \
            "docker image inspect --format '{{.Id}}' $IMAGE" 2> /dev/null)"
        if [[ -n "$id" && "$id" == "$head_id" ]]; then
            echo "  [WORKER] $worker: $id (match)"
        else
            echo "  [WORKER] $worker: ${id:-missing} (MISMATCH)"
            equal=false
        fi
    done
    if ! $equal; then
        echo "Error: Cluster launch aborted because image '$IMAGE' is not in sync."
        exit 1
    fi
    echo "Docker image consistency check passed."
}

# Environment of one node; every node gets the head's interface names.
node_environment() {
    local pair
    if $SOLO; then
        set -- VLLM_HOST_IP=127.0.0.1 NCCL_IB_DISABLE=1 NCCL_SOCKET_IFNAME=lo GLOO_SOCKET_IFNAME=lo TP_SOCKET_IFNAME=lo
    else
        set -- VLLM_HOST_IP="$1" RAY_NODE_IP_ADDRESS="$1" RAY_OVERRIDE_NODE_IP_ADDRESS="$1" MN_IF_NAME="$ETH" \
            UCX_NET_DEVICES="$ETH" NCCL_SOCKET_IFNAME="$ETH" NCCL_IB_HCA="$IB" NCCL_IB_DISABLE=0 \
            OMPI_MCA_btl_tcp_if_include="$ETH" GLOO_SOCKET_IFNAME="$ETH" TP_SOCKET_IFNAME="$ETH" \
            RAY_memory_monitor_refresh_ms=0 RAY_num_prestart_python_workers=0 RAY_object_store_memory=1073741824
    fi
    for pair; do printf -- '-e %s ' "$pair"; done
}

cache_folders() {
    $CACHE_DIRS && echo "$HOME/.cache/vllm $HOME/.cache/flashinfer $HOME/.cache/b12x $HOME/.triton $HOME/.tilelang"
}

# What follows `docker run`: unquoted on purpose, as the real one does it.
run_words() {
    local words="" folder network="--network host"
    if $PRIVILEGED; then
        words="--privileged --ulimit nofile=${VLLM_SPARK_NOFILE_LIMIT:-1048576}:${VLLM_SPARK_NOFILE_LIMIT:-1048576} --ipc=host"
    else
        words="--cap-add=IPC_LOCK --device=/dev/infiniband --shm-size=${SHM_GB}g --memory=${MEMORY_GB}g"
        words+=" --memory-swap=${SWAP_GB:-$((MEMORY_GB + 10))}g --pids-limit=$PIDS"
    fi
    [[ -n "$PUBLISH" ]] && network="$PUBLISH"
    words+=" $(node_environment "$1") --gpus all -d --rm $network --name $NAME $ENTRYPOINT $DOCKER_ARGS"
    words+=" -e NCCL_IGNORE_CPU_AFFINITY=1 -e PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True"
    words+=" ${VLLM_SPARK_EXTRA_DOCKER_ARGS:-} -v ${HF_HOME:-$HOME/.cache/huggingface}:/root/.cache/huggingface"
    for folder in $(cache_folders); do words+=" -v $folder:/root/${folder#"$HOME"/}"; done
    echo "$words $IMAGE $PID_ONE"
}

start_cluster() {
    if check_running; then
        echo "Cluster containers are already running. Skipping launch."
        return
    fi
    check_images
    local worker
    echo "Starting Head Node on $HEAD..."
    mkdir -p $(cache_folders)
    docker run $(run_words "$HEAD") || exit 1
    for worker in "${WORKERS[@]}"; do
        echo "Starting Worker Node on $worker..."
        [[ -z "$(cache_folders)" ]] || ssh "$worker" "mkdir -p $(cache_folders)"
        ssh "$worker" "docker run $(run_words "$worker")" || exit 1
    done
    apply_mods
    copy_script
    if $RAY; then start_ray; fi
}

apply_mods() {
    local mod name rank
    for mod in "${MODS[@]}"; do
        [[ -f "$mod/run.sh" ]] || { echo "Error: Mod directory '$mod' must contain 'run.sh'."; exit 1; }
        name="$(basename "$mod")"
        for rank in $(seq 0 ${#WORKERS[@]}); do
            echo "Applying mod '$name' to $(node "$rank")..."
            on "$rank" "docker exec $NAME mkdir -p /workspace/mods"
            send "$rank" "$mod" "/workspace/mods/$name"
            on "$rank" "docker exec -w /workspace/mods/$name $NAME bash run.sh" || {
                echo "Error: Patch script failed on $(node "$rank")"; exit 1; }
        done
    done
}

stop_cluster() {
    local worker
    echo ""
    echo "Stopping cluster..."
    echo "Stopping head node ($HEAD)..."
    docker stop "$NAME" > /dev/null 2>&1
    for worker in "${WORKERS[@]}"; do
        echo "Stopping worker node ($worker)..."
        ssh "$worker" "docker stop $NAME" > /dev/null 2>&1
    done
    echo "Cluster stopped."
}

show_status() {
    local rank label state
    echo "Checking status..."
    for rank in $(seq 0 ${#WORKERS[@]}); do
        label=WORKER state="NOT running."
        [[ "$rank" == 0 ]] && label=HEAD
        on "$rank" "docker ps" 2> /dev/null | grep -q "$NAME" && state="RUNNING."
        echo "[$label] $(node "$rank"): Container '$NAME' is $state"
    done
}
