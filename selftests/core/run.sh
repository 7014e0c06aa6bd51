#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# run.sh BUILD ROUNDS SEED: runs the tests of the core, shows their TAP, and sums
# up as the tests in guests do.

set -u
build=$1 rounds=$2 seed=$3
here=$(dirname "$0")
passed=0 failed=0 skipped=0

# one TITLE COMMAND...
one()
{
	local title=$1 output status=0 p f s
	shift
	output=$("$@" 2>&1) || status=$?
	printf '# %s\n%s\n' "$title" "$output"
	read -r p f s < <(printf '%s\n' "$output" |
		awk -v status="$status" -f "$here/../guest/tap.awk")
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

one "unit tests" "$build/unit"
one "properties" "$build/property" "$rounds" "$seed"
one "planner" "$here/planner.sh" "$build/vcpunumactl"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
