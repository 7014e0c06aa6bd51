#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# fuzz.sh [options]: boots a guest and fuzzes the module in it.
#
#   --seconds N      how long (60)
#   --kernel K       a version kernel.sh knows, or a directory as it makes (6.1);
#                    with KCOV in it, code that ran guides the fuzzer
#   --topology T     see selftests/guest/topologies (4node)
#   --repro FILE     replay the programs in FILE: a finding's running-N, a
#                    file of the corpus, one program cut out of them; or those
#                    of a finding's directory
#   --keep DIR       begin also from what an earlier run found, and leave there
#                    what this one finds
#   --seed S, --threads N, --execs N, --limit MS: handed on to the fuzzer
#
# In build/fuzz/log: the guest's logs, running-* (the last programs of each
# runner), finding, corpus, places. After a finding a copy of all that is in
# build/fuzz/finding-TIME. Exit status: that of run.sh; 0: nothing was found.

set -euo pipefail
here=$(dirname "$(realpath "$0")")
# shellcheck source=selftests/guest/lib.sh
. "$here/../guest/lib.sh"

seconds=60 kernel=6.1 topology=4node repro='' keep=''
fuzzer=()
while [ $# -gt 0 ]; do
	[ $# -gt 1 ] || die "fuzz.sh: $1 wants a value, or is unknown"
	case $1 in
	--seconds) seconds=$2 ;;
	--kernel) kernel=$2 ;;
	--topology) topology=$2 ;;
	--repro) repro=$(realpath "$2") ;;
	--keep) keep=$(realpath -m "$2") ;;
	--seed | --threads | --execs | --limit) fuzzer+=("$1" "$2") ;;
	*) die "fuzz.sh: unknown option $1" ;;
	esac
	shift 2
done

if [ -d "$kernel" ]; then
	kernel=$(realpath "$kernel")
else
	kernel=$("$guest/kernel.sh" "$kernel")
fi
dir=$build/fuzz logs=$build/fuzz/log
rm -rf "$logs"
mkdir -p "$logs/seeds"

# A module of its own: where the kernel has KCOV, it is built to report to it.
make -s -C "$tree" module BUILD="$dir" KDIR="$kernel/headers" KCOV_INSTRUMENT=y
make -s -C "$here" OUTPUT="$dir"

if [ -n "$repro" ]; then
	[ -e "$repro" ] || die "no file $repro"
	if [ -d "$repro" ]; then
		cat "$repro"/running-* >"$logs/repro"
	else
		cp "$repro" "$logs/repro"
	fi
	fuzzer+=(--repro /run/share/repro)
else
	cp "$here"/corpus/* "$logs/seeds/"
	[ -z "$keep" ] || cp "$keep"/* "$logs/seeds/" 2>/dev/null || true
	fuzzer+=(--corpus /run/share/seeds)
fi

# Boot, the last program's death and the search for leaks come on top.
status=0
"$guest/run.sh" -k "$kernel" -t "$topology" -l "$logs" -T $((seconds + 600)) \
	"$here/guest-fuzz" "$dir" --seconds "$seconds" "${fuzzer[@]}" || status=$?

if [ -n "$keep" ]; then
	mkdir -p "$keep"
	for file in "$logs"/corpus/*; do
		[ -f "$file" ] || continue
		# By content, without the serial number.
		cp "$file" "$keep/$(tail -n +2 "$file" | cksum | tr ' ' -)"
	done
fi
if [ $status != 0 ]; then
	saved=$dir/finding-$(date +%Y%m%d-%H%M%S)
	cp -r "$logs" "$saved"
	say "kept in $saved; to replay: fuzz.sh --repro $saved"
fi
exit $status
