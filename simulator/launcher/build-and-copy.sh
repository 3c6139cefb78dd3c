#!/bin/bash
# Stand-in for spark-vllm-docker's build-and-copy.sh: pull the nightly image, name it, copy it to the peers.
usage() { echo "Usage: $0 [-t TAG] [-c|--copy-to [HOSTS]] [--copy-parallel] [--no-build] [-u USER] [--config FILE]"; exit 1; }

here="$(cd "$(dirname "$0")" && pwd)" tag=vllm-node copy=false build=true hosts="" config="" user="$USER"
while [[ $# -gt 0 ]]; do
    case "$1" in
        -t) tag="$2"; shift 2 ;;
        -c|--copy-to)
            copy=true; shift
            while [[ $# -gt 0 && "$1" != -* ]]; do hosts+=" ${1//,/ }"; shift; done ;;
        --copy-parallel|--full-log) shift ;;
        --no-build) build=false; shift ;;
        -u) user="$2"; shift 2 ;;
        --config) config="$2"; shift 2 ;;
        *) echo "Unknown parameter passed: $1"; usage ;;
    esac
done
if $copy && [[ -z "$hosts" ]]; then
    source "${config:-$here/.env}"
    nodes="${COPY_HOSTS:-${CLUSTER_NODES#*,}}"
    hosts="${nodes//,/ }"
fi

if $build; then
    echo "Pulling eugr/spark-vllm:latest..."
    docker pull eugr/spark-vllm:latest || { echo "Error: the image could not be pulled."; exit 1; }
    docker tag eugr/spark-vllm:latest "$tag"
fi
id="$(docker image inspect --format '{{.Id}}' "$tag")" || exit 1
file="$(mktemp --suffix=.tar)"
trap 'rm -f "$file"' EXIT
for host in $hosts; do
    if [[ "$(ssh -o BatchMode=yes "$user@$host" "docker image inspect --format '{{.Id}}' $tag" 2> /dev/null)" == "$id" ]]; then
        echo "Image '$tag' on $host is the same; skipping."
        continue
    fi
    [[ -s "$file" ]] || { echo "Saving image '$tag'..."; docker save -o "$file" "$tag" || exit 1; }
    echo "Copying image '$tag' to $host..."
    scp -q "$file" "$user@$host:$file.copy" && ssh "$user@$host" "docker load -i $file.copy; rm -f $file.copy" || exit 1
done
echo "Done preparing $tag."
