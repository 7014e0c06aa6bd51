#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# count.sh BUILD: instructions of a decision, for a VM that fits one node and for
# one that takes several, over nodes and over VMs; then those over nodes as a plot.

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

: >"$build/rows"
printf '%6s %6s %6s  %22s  %22s\n' nodes CPUs VMs "fits one node" "takes several"
row()
{
	printf '%6s %6s %6s  %s  %s\n' "$1" $(($1 * $2)) "$3" \
		"$(count "$1" "$2" "$3" one)" "$(count "$1" "$2" "$3" several)" |
		tee -a "$build/rows"
}

# A line for each number of nodes, a mark for each series, 6 columns for each
# doubling: what grows as the nodes do moves by 6 a line.
plot()
{
	awk '
		function column(n) { return int(6 * log(n) / log(2)) - first }
		{ nodes[NR] = $1; one[NR] = $4; several[NR] = $7 }
		END {
			first = int(6 * log(one[1]) / log(2)) - 2
			for (i = 1; i <= NR; i++) {
				a = column(one[i])
				b = column(several[i])
				line = ""
				for (k = 0; k <= a || k <= b; k++)
					line = line (k == a ? "o" : k == b ? "s" : " ")
				printf "%6d |%s\n", nodes[i], line
			}
		}'
}
for nodes in 1 2 4 8 16 32 64; do
	row $nodes 32 $((nodes * 12))
done
row 128 32 1000
row 256 32 1000
row 512 16 1000
row 1024 8 1000
series=$(cat "$build/rows")
for vms in 10 100 1000 2000; do
	row 64 32 $vms
done

printf '\n%6s  instructions, o: fits one node, s: takes several; a doubling: 6 columns\n' nodes
plot <<<"$series"
