# Run a command that may speak over the fast link.  Arguments: this host's address there (blank: none), the command.
# Interfaces have other names on every host, so their name is looked up here.
address=$1
shift
if [ -n "$address" ]; then
    interface=$(ip -o -4 addr | awk -v wanted="$address" '{split($4, parts, "/")} parts[1] == wanted {print $2; exit}')
    [ -n "$interface" ] || { echo "no interface of this host has the address $address" >&2; exit 3; }
    export NCCL_SOCKET_IFNAME=$interface GLOO_SOCKET_IFNAME=$interface TP_SOCKET_IFNAME=$interface
fi
exec "$@" </dev/null
