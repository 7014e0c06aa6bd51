#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# test.sh [-k KERNEL] [-t TOPOLOGY] [-a OPTIONS] [-s] [PROGRAM...]: runs the
# test programs in guests of each topology and ends with a table and the line
# "N passed, N failed, N skipped". Fails if anything failed, or nothing ran.
#
#   -a OPTIONS  more for the kernel's command line
#   -s          storm: those named storm-*, and memmodel, with full counts, for hours
#               if need be

set -euo pipefail
# shellcheck source=selftests/guest/lib.sh
. "$(dirname "$0")/lib.sh"

kernel=6.1 options='' storm=
mapfile -t topologies < <(cd "$guest/topologies" && ls)
while getopts k:t:a:s option; do
	case $option in
	k) kernel=$OPTARG ;;
	t) topologies=("$OPTARG") ;;
	a) options=$OPTARG ;;
	s) storm=full ;;
	*) exit 1 ;;
	esac
done
shift $((OPTIND - 1))

mapfile -t programs < <(make -s -C "$tree/selftests" emit_tests | sed 's/.*://')
for program; do
	[[ " ${programs[*]} " = *" $program "* ]] ||
		die "no test $program; there are: ${programs[*]}"
done

# What depends on how many nodes there are and what they have runs in each
# topology. The rest is about the kernel's calls, what is allowed, or who acts at
# the same time: unless asked for, one topology has that.
about_nodes=(batch bind configure cpuset ctl.sh hotplug ledger mbind mem near policy
	query report reserve topology)
if [ $# -gt 0 ]; then
	programs=("$@")
elif [ -n "$storm" ]; then
	mapfile -t programs < <(printf '%s\n' "${programs[@]}" | grep -E '^(storm-|memmodel$)')
elif [ "$kernel" = debug ]; then
	# Storms not with every checker there is.
	mapfile -t programs < <(printf '%s\n' "${programs[@]}" | grep -v ^storm-)
fi

# Guests and the programs in each. One for a topology; two, TOPOLOGY-1 and
# TOPOLOGY-2, where there is much to do, which take turns in the programs. Not with
# the debug kernel, which keeps all processors busy: two get in each other's way.
guests=()
declare -A programs_of
plan_guest()
{
	local topology=$1 i
	shift
	rm -rf "$build/test/$topology" "$build/test/$topology"-[12]
	if [ $# -lt 4 ] || [ -n "$storm" ] || [ "$kernel" = debug ]; then
		guests+=("$topology")
		programs_of[$topology]="$*"
		return
	fi
	guests+=("$topology-1" "$topology-2")
	for ((i = 1; i <= $#; i++)); do
		programs_of[$topology-$((2 - i % 2))]+="${!i} "
	done
}
if [ $# -gt 0 ] || [ ${#topologies[@]} = 1 ]; then
	for topology in "${topologies[@]}"; do
		plan_guest "$topology" "${programs[@]}"
	done
else
	# The longest first
	plan_guest 4node "${programs[@]}"
	for topology in "${topologies[@]}"; do
		[ "$topology" != 4node ] || continue
		guests+=("$topology")
		programs_of[$topology]="${about_nodes[*]}"
	done
	# Its threads must stay off the other nodes' CPUs: best seen with many.
	programs_of[8node]+=" populate"
fi
# Of a program, in seconds. It is for what hangs: the debug kernel is slow, and
# asks for leaks in the end.
limit=$(sed -n 's/^timeout=//p' "$tree/selftests/settings")
[ "$kernel" != debug ] || limit=$((limit * 3))
[ -z "$storm" ] || limit=14400

total_passed=0 total_failed=0 total_skipped=0
table=()

count()
{
	table+=("$(printf '  %-10s %-12s %7d %7d %8d %8s   %s' "$@")")
	total_passed=$((total_passed + $3))
	total_failed=$((total_failed + $4))
	total_skipped=$((total_skipped + $5))
}

# Has the emulated machine tripped over the breakpoint that the kernel puts in
# its own code while it changes that, as it does when the first cpuset is made?
# Under emulation a processor sometimes sees the breakpoint and not why it is
# there. Nothing of ours has breakpoints.
tripped()
{
	# What accel.sh found out; with KVM it would be a mistake like any other.
	! grep -qs -e '-accel kvm' "$cache"/accel.* &&
		[ ! -s "$1/status" ] && grep -qa 'Oops: int3' "$1/console.log"
}

# Boots that guest and runs its programs in it; once more if the emulation failed
# it. Its exit status is left in a file: nobody waits for a guest in particular.
run_guest()
{
	local logs=$build/test/$1
	run_guest_once "$1"
	tripped "$logs" || return 0
	say "$1: the emulated processor tripped over a breakpoint; trying once more"
	cp "$logs/console.log" "$build/test/$1-tripped.log"
	run_guest_once "$1"
}

run_guest_once()
{
	local logs=$build/test/$1 status=0
	local -a here
	read -ra here <<<"${programs_of[$1]}"
	rm -rf "$logs"
	mkdir -p "$logs"
	"$guest/run.sh" -k "$kernel" -t "${1%-[0-9]}" -l "$logs" -a "$options" \
		-T $((limit * ${#here[@]} + 300)) env STORM="$storm" \
		"$guest/guest-tests" "$limit" "${here[@]}" || status=$?
	echo $status >"$logs/run-status"
}

# Several at a time, as many as there are processors: a guest mostly uses one.
# Each one's output comes in one piece, when it is through; if there is only one,
# as it comes.
run_guests()
{
	local name running=0
	for name; do
		if [ $running -ge "$(nproc)" ]; then
			wait -n || true
			running=$((running - 1))
		fi
		say "$name: ${programs_of[$name]}"
		{
			output=$(run_guest "$name" 2>&1)
			printf '# ---- %s\n%s\n' "$name" "$output"
		} &
		running=$((running + 1))
	done
	wait
}

# What went wrong in program NAME, in short and marked: CI shows the end of what it
# is told. The line with !! is the shortest: which tests, or why no more. Any log
# may be missing, and nothing in it may be of use.
recap()
{
	local guest_name=$1 name=$2 logs=$build/test/$1 details why
	if grep -qs "^$name " "$logs/results"; then
		details=$(awk -v name="# $name" '
			/^# [a-z0-9.-]+$/	{ here = $0 == name }
			here && /^not ok|Expected|complained|[Ee]xit status|stopped after|terminated|:[0-9]+:.*:|^#   /' \
			"$logs/output.log" 2>/dev/null) || true
		why=$(sed -n 's/^not ok [0-9]* *//p' <<<"$details" | paste -sd ' ')
	else
		details=$(tail -qn 20 "$logs"/{output,console}.log 2>/dev/null) || true
		why="did not finish"
		[ -e "$logs/booted" ] || why="no boot"
		why+=": $(grep -ahoEs 'RIP: 0010:.*|Kernel panic.*|guest-init: .*' \
			"$logs"/{qemu,console}.log | cut -c 1-100 | head -n 2 |
			paste -sd ' ')" || true
	fi
	head -n 60 <<<"$details" | sed "s/^/! $guest_name $name: /"
	echo "!! $guest_name $name: ${why:-see its output}"
}

trap "trap - INT TERM; kill 0" INT TERM
if [ ${#guests[@]} -gt 1 ]; then
	run_guests "${guests[@]}"
else
	say "${guests[0]}: ${programs_of[${guests[0]}]}"
	run_guest "${guests[0]}"
fi

for name in "${guests[@]}"; do
	logs=$build/test/$name
	status=$(cat "$logs/run-status" 2>/dev/null || echo 125)
	# The guest knows what there is to do in it, if it got as far as that.
	plan="insmod ${programs_of[$name]} rmmod memory-back"
	[ ! -s "$logs/plan" ] || plan=$(cat "$logs/plan")
	failed_before=$total_failed
	ended=
	for program in $plan; do
		read -r passed failed skipped seconds < <(
			sed -n "s/^$program \([0-9]* [0-9]* [0-9]* [0-9]*\)\$/\1/p" \
				"$logs/results" 2>/dev/null) || {
			count "$name" "$program" 0 1 0 - "did not finish"
			# The rest has the same reason.
			[ -n "$ended" ] || recap "$name" "$program"
			ended=yes
			continue
		}
		count "$name" "$program" "$passed" "$failed" "$skipped" "$seconds" \
			"$([ "$failed" = 0 ] || echo "see $logs")"
		[ "$failed" = 0 ] || recap "$name" "$program"
	done
	# The guest ended badly although each step went well.
	if [ "$status" != 0 ] && [ $total_failed = "$failed_before" ]; then
		count "$name" guest 0 1 0 - "status $status, see $logs"
		echo "!! $name: status $status"
	fi
done

printf '\n  %-10s %-12s %7s %7s %8s %8s\n' \
	guest test passed failed skipped seconds
printf '%s\n' "${table[@]}"
printf '\n%d passed, %d failed, %d skipped\n' \
	$total_passed $total_failed $total_skipped
[ $total_failed = 0 ] && [ $total_passed -gt 0 ]
