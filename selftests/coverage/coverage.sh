#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# coverage.sh [-t TOPOLOGY]... [PROGRAM]: which lines and branches of kmod/ the
# tests reach. Runs the suite with a module built to count (gcov) in guests with
# the debug kernel, and the tests of the core on this machine, likewise. Prints a
# table and the lines that were missed, each with the reason missed.txt gives. Fails if a test does, if a missed line has no
# reason, or if there are fewer lines than demanded.
#
# With no topology: all programs in one, and in others those that reach more there.

set -euo pipefail
# shellcheck source=selftests/guest/lib.sh
. "$(dirname "$0")/../guest/lib.sh"
coverage=$tree/selftests/coverage

topologies=()
while getopts t: option; do
	case $option in
	t) topologies+=("$OPTARG") ;;
	*) exit 1 ;;
	esac
done
shift $((OPTIND - 1))
declare -A programs=()
if [ ${#topologies[@]} = 0 ]; then
	topologies=(4node 4smt memless)
	programs=(
		[4node]=$(make -s -C "$tree/selftests" emit_tests | sed 's/.*://' | tr '\n' ' ')
		[4smt]="hotplug ledger reserve storm-reserve"
		[memless]="mem report reserve"
	)
fi

# All of it built apart: nobody else wants a module that counts.
export BUILD=$build/coverage
kernel=$("$guest/kernel.sh" debug)
make -s --no-print-directory -C "$tree" all KDIR="$kernel/headers" GCOV_PROFILE=y
objects=$BUILD/$(cat "$kernel/release")/module/kmod

status=0 counts=("$BUILD/test-core")
rm -rf "$BUILD/test-core"
make -s -C "$tree/selftests/core" BUILD="$BUILD/test-core" COVERAGE=y run || status=1
for topology in "${topologies[@]}"; do
	here=("$@")
	[ $# -gt 0 ] || read -ra here <<<"${programs[$topology]:-}"
	"$guest/test.sh" -k debug -t "$topology" "${here[@]}" || status=1
	dir=$BUILD/test/$topology/gcov
	rm -rf "$dir"
	mkdir -p "$dir"
	tar -C "$dir" -xf "$BUILD/test/$topology/gcov.tar" ||
		die "the guest left no counts"
	# gcov looks for the notes of the compiler beside the counts.
	(cd "$objects" && find . -name '*.gcno') | while read -r name; do
		name=${name#./}
		cp "$objects/$name" "$dir/${name//\//-}"
	done
	counts+=("$dir")
done

python3 "$coverage/coverage.py" "$tree" "$coverage/missed.txt" "${counts[@]}" || status=1
exit $status
