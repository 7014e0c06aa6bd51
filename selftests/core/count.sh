#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# count.sh BUILD: instructions of a decision, for a VM that fits one node and for
# one that takes several, over nodes and over VMs.

set -u
build=$1
command -v valgrind >/dev/null || { echo "count.sh: no valgrind" >&2; exit 1; }

# count NODES CPUS VMS KIND: prints instructions and nodes taken
count()
{
	local said
	said=$(valgrind --tool=callgrind --callgrind-out-file="$build/callgrind" \
		--toggle-collect=counted "$build/count" "$@" 2>"$build/valgrind") ||
		{ cat "$build/valgrind" >&2; exit 1; }
	printf '%10s (%s nodes)' \
		"$(awk '/Collected/ { print $4 }' "$build/valgrind")" "${said#* }"
}

printf '%6s %6s %6s  %22s  %22s\n' nodes CPUs VMs "fits one node" "takes several"
row()
{
	printf '%6s %6s %6s  %s  %s\n' "$1" $(($1 * $2)) "$3" \
		"$(count "$1" "$2" "$3" one)" "$(count "$1" "$2" "$3" several)"
}
for nodes in 1 2 4 8 16 32 64; do
	row $nodes 32 $((nodes * 12))
done
row 128 32 1000
row 256 32 1000
row 512 16 1000
row 1024 8 1000
for vms in 10 100 1000 2000; do
	row 64 32 $vms
done
