#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bench.sh [-k KERNEL] [NAME...]: what "make bench" does: builds the benches, runs
# them in guests, us and others in the same guest, and prints a table. What was
# measured is in build/bench/results.jsonl, a line of JSON for each number.
#
# A guest that counts has one processor whose clock counts instructions: there
# the numbers are the same each time. In a plain one only relations count.

set -euo pipefail
# shellcheck source=selftests/guest/lib.sh
. "$(dirname "$0")/../../guest/lib.sh"
here=$(dirname "$(realpath "$0")")

# bench, topology, and how its guest is booted
table='
place       count-4node  -c
reserve     count-4node  -c
memory      count-4node  -c
speed       4node
concurrent  8node
'

kernel=6.1
while getopts k: option; do
	case $option in
	k) kernel=$OPTARG ;;
	*) exit 1 ;;
	esac
done
shift $((OPTIND - 1))

out=$build/bench
mapfile -t names < <(awk 'NF { print $1 }' <<<"$table")
for name; do
	[[ " ${names[*]} " = *" $name "* ]] ||
		die "no bench $name; there are: ${names[*]}"
done
[ $# -gt 0 ] || set -- "${names[@]}"

# Prints the topologies of the benches named, each once.
topologies()
{
	for name; do
		awk -v name="$name" '$1 == name { print $2 }' <<<"$table"
	done | awk '!seen[$0]++'
}

# run_guest TOPOLOGY NAME...: those of the benches that run in it
run_guest()
{
	local topology=$1 logs=$out/$1 name
	local -a benches=() options=()
	shift
	for name; do
		read -r _ where how < <(awk -v name="$name" '$1 == name' <<<"$table")
		[ "$where" = "$topology" ] || continue
		benches+=("$name")
		read -ra options <<<"$how"
	done
	[ ! -f "$here/$topology" ] || topology=$here/$topology
	say "${topology##*/}: ${benches[*]}"
	# Debian's kernels clear all memory they give out: so for users it counts.
	"$guest/run.sh" -k "$kernel" -t "$topology" -l "$logs" -T 900 \
		-a init_on_alloc=1 "${options[@]}" \
		"$here/guest-bench" "$out" "${benches[@]}" >"$out/output.log" || {
		tail -n 20 "$out/output.log" >&2
		return 1
	}
	cat "$logs/results.jsonl" >>"$out/results.jsonl"
}

mkdir -p "$out"
make -s -C "$here" BENCHES="$out"
: >"$out/results.jsonl"
for topology in $(topologies "$@"); do
	run_guest "$topology" "$@"
done
"$here/table.py" "$out/results.jsonl"
