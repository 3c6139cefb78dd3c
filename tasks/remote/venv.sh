# What a virtual environment holds.  Arguments: its folder, then programs as NAME=path.
# Prints 'missing=…' for each program that cannot be run, 'ptxas=…' with what it says of sm_121 when it refuses
# it, and 'packages=…', a digest of the packages and their versions: equal on two hosts when these are.
folder=$1
shift
for program; do
    path=${program#*=}
    [ -x "$path" ] && [ ! -d "$path" ] || { printf 'missing=%s\n' "$program"; continue; }
    [ "${program%%=*}" = PTXAS_BIN ] || continue
    source=$(mktemp)
    printf '.version 8.8\n.target sm_121\n.address_size 64\n' >"$source"
    said=$(timeout 10 "$path" -arch=sm_121 -o /dev/null "$source" 2>&1) || printf 'ptxas=%s\n' "$(tail -n 1 <<<"$said")"
    rm -f "$source"
done
packages=$(cd "$folder" 2>/dev/null && ls -d lib/python*/site-packages/*.dist-info 2>/dev/null | LC_ALL=C sort)
[ -z "$packages" ] || printf 'packages=%s\n' "$(sha256sum <<<"$packages" | cut -c1-64)"
