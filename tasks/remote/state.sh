# What is asked of a host's state, as key=value lines; it changes nothing.
# Arguments: an image, the host's address on the fast link and the Hugging Face cache (each may be blank), groups.
sys=${SYSFS_ROOT:-/sys}
expand() { case $1 in "~") printf %s "$HOME" ;; "~/"*) printf %s "$HOME/${1#"~/"}" ;; *) printf %s "$1" ;; esac; }
# A value is one line, and not a long one.
say() { local value=${2%%$'\n'*}; printf '%s=%s\n' "$1" "${value:0:2000}"; }
brief() { timeout -k 1 5 "$@"; }

cluster() {
    say clock "$(brief timedatectl show -p NTPSynchronized --value 2>/dev/null)"
    local place
    for place in / "$cache"; do
        while [ ! -e "$place" ]; do place=$(dirname "$place"); done
        say disk "$(brief df -B1 --output=avail "$place" 2>/dev/null | tail -n 1 | tr -d ' ') $place"
    done
    docker_and_image
    link
    cat ~/.ssh/authorized_keys ~/.ssh/authorized_keys2 2>/dev/null | head -n 200 |
        while IFS= read -r line; do say authorized "$line"; done
    say authorized_end yes
}
docker_and_image() {
    local said
    said=$(brief docker ps -q 2>&1 >/dev/null)
    say docker_code $?
    say docker_said "$said"
    # A docker that cannot be asked has told nothing of the image; one that does not know it has.
    if said=$(brief docker image inspect --format '{{.Id}}' "$image" 2>&1); then say image "$said"
    elif [[ ${said,,} == *"no such image"* ]]; then say image ""; fi
}
link() {
    [ -n "$fabric" ] || return
    local interface adapter state name
    interface=$(ip -o -4 addr show | awk -v wanted="$fabric" '{ split($4, a, "/"); if (a[1] == wanted) { print $2; exit } }')
    say fabric "$interface"
    [ -n "$interface" ] || return
    say mtu "$(ip link show dev "$interface" | sed -n 's/.* mtu \([0-9]*\).*/\1/p')"
    for adapter in "$sys"/class/infiniband/*; do
        read -r state 2>/dev/null <"$adapter/ports/1/state" || continue
        name=$(basename "$(echo "$adapter"/device/net/*)")
        say link "$(basename "$adapter") $name ${state#*: }"
    done
}

prerequisites() {
    local told code
    told=$(brief dpkg-query -W -f '${Package} ${Status}\n' git curl jq python3-venv build-essential ninja-build \
        pkg-config iproute2 ethtool rdma-core 2>/dev/null)
    code=$?
    while IFS= read -r line; do [ -z "$line" ] || say package "$line"; done <<<"$told"
    say packages_code $code
    say python "$(brief python3 -c 'import importlib.util as u, platform
print(platform.python_version(), "yes" if u.find_spec("venv") and u.find_spec("ensurepip") else "no")' 2>/dev/null)"
}

# A wedged driver lets nvidia-smi hang, deaf to any signal: its shell goes without it, and nobody waits for its words.
smi() { timeout -k 1 5 bash -c 'trap : TERM; nvidia-smi --format=csv,noheader "$1"; exit $?' - "$1" 2>/dev/null; }
release() { brief "$1" --version 2>/dev/null | sed -n 's/.*release \([0-9.]*\).*/\1/p'; }
cuda() {
    local home=${CUDA_PLACE:-/usr/local/cuda} place name
    smi --query-gpu=name,driver_version | { IFS= read -r -t 8 line; say driver "$line"; }
    say driver_code "${PIPESTATUS[0]}"
    if [ -x "$home/bin/nvcc" ]; then say cuda "$(readlink -f "$home")"; else say cuda ""; fi
    if [ -e "$home" ] || [ -L "$home" ]; then say cuda_taken yes; else say cuda_taken no; fi
    for place in "$home"-1[3-9]*; do [ -x "$place/bin/nvcc" ] && say cuda_installed "$place"; done
    say nvcc "$(release "$home/bin/nvcc")"
    say ptxas "$(release "$home/bin/ptxas")"
    for name in CUDA_HOME TRITON_PTXAS_PATH TORCH_CUDA_ARCH_LIST PATH; do say "env_$name" "${!name}"; done
}

image=$1 fabric=$2 cache=$(expand "${3:-${HF_HOME:-$HOME/.cache/huggingface}}")
shift 3
for group; do
    case $group in cluster | prerequisites | cuda) "$group" ;; esac
done
