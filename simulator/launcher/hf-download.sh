#!/bin/bash
# Stand-in for spark-vllm-docker's hf-download.sh (its older form): download by uvx, then copy to peers.
usage() { echo "Usage: $0 [-c|--copy-to [HOSTS]] [--copy-parallel] [-u USER] [--config FILE] MODEL"; exit 1; }

here="$(cd "$(dirname "$0")" && pwd)" config="" user="$USER" hosts="" copy=false model=""
while [[ $# -gt 0 ]]; do
    case "$1" in
        -c|--copy-to)
            copy=true; shift
            # The trap of the real one: whatever follows and is no flag is taken for hosts.
            while [[ $# -gt 0 && "$1" != -* ]]; do hosts+=" ${1//,/ }"; shift; done ;;
        --copy-parallel) shift ;;
        -u) user="$2"; shift 2 ;;
        --config) config="$2"; shift 2 ;;
        -*) echo "Unknown parameter passed: $1"; usage ;;
        *) model="$1"; shift ;;
    esac
done
[[ -n "$model" ]] || usage
command -v uvx > /dev/null || { echo "Error: 'uvx' command not found."; exit 1; }
if $copy && [[ -z "$hosts" ]]; then
    source "${config:-$here/.env}"
    nodes="${COPY_HOSTS:-${CLUSTER_NODES#*,}}" hosts="${nodes//,/ }"
fi

echo "Downloading model $model..."
uvx hf download "$model" || { echo "Error: download of $model failed."; exit 1; }
hub="${HF_HOME:-$HOME/.cache/huggingface}/hub"
for host in $hosts; do
    echo "Copying to $host..."
    rsync -av --mkpath --progress "$hub/models--${model//\//--}/" "$user@$host:$hub/models--${model//\//--}/" || exit 1
done
echo "Done downloading $model."
