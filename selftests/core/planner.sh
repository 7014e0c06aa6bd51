#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# planner.sh VCPUNUMACTL: what "vcpunumactl plan" does with good and with hostile
# input. The program is one built with sanitizers: it says so if it goes wrong.

set -u
# What a pipe feeds runs here, where results are counted.
shopt -s lastpipe
ctl=${1:?usage: planner.sh VCPUNUMACTL}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=selftests/tap.sh
. "$(dirname "$(realpath "$0")")/../tap.sh"

small()
{
	cat <<-END
	topology small # two nodes
	nodes 2
	overcommit 400
	node 0 mem 1000
	node 1 mem 1000
	dist 0 10 20
	dist 1 20 10
	device nic0 node 1
	END
	for cpu in 0 1 2 3 4 5 6 7; do
		echo "cpu $cpu node $((cpu / 4)) socket 0 llc $((cpu / 4)) core $((cpu / 2))"
	done
}

# gives TITLE EXPECTED OPTIONS...: standard input gives this output.
gives()
{
	local title=$1 expected=$2 got
	shift 2
	got=$("$ctl" plan "$@" 2>"$dir/err") && [ "$got" = "$expected" ]
	local status=$?
	[ $status = 0 ] || { echo "$got"; cat "$dir/err"; } | sed 's/^/# /'
	result $status "$title"
}

# gives_last TITLE LINE...: standard input is these lines.
gives_last()
{
	local title=$1
	shift
	[ "$(cat)" = "$(printf '%s\n' "$@")" ]
	local status=$?
	[ $status = 0 ] || sed 's/^/# /' "$dir/err"
	result $status "$title"
}

# refuses TITLE LINE: standard input ends in exit status 2 and one line that
# names the file and LINE.
refuses()
{
	"$ctl" plan >/dev/null 2>"$dir/err"
	[ $? = 2 ] && [ "$(wc -l <"$dir/err")" = 1 ] &&
		grep -q "^stdin:$2: " "$dir/err"
	local status=$?
	[ $status = 0 ] || sed 's/^/# /' "$dir/err"
	result $status "$1"
}

{ small; printf '%s\n' trace 'arrive a 2 100 0 shared dev=nic0' \
	'arrive b 2 600 2 require strict' 'arrive c 9 9 0 prefer' 'depart c' \
	'rebalance 100'; } | gives "events are answered" \
"place a cpu:n1,n1 mem 1=100
reject b
reject c
done"
{ small; printf '%s\n' trace 'arrive b 4 600 2 require strict'; } |
	gives "strict virtual nodes" "place b cpu:0,1,4,5 mem 0=300/1=300"
{ small; printf '%s\n' trace 'arrive a 1 600 0 shared' \
	'arrive b 1 600 0 shared' 'arrive c 1 500 0 shared span=1'; } |
	gives "refused without moves" "place a cpu:n0 mem 0=600
place b cpu:n1 mem 1=600
reject c" --may-migrate
{ small; printf '%s\n' trace 'arrive a 1 300 0 shared' \
	'arrive b 1 800 0 shared' 'arrive c 1 100 0 shared' 'depart b' \
	'arrive d 1 900 0 shared span=1' 'arrive e 1 700 0 shared span=1'; } |
	"$ctl" plan --may-migrate 2>/dev/null | grep -q '^place e'
result $? "the last of five fits"
# The table of VMs grows at the 65th: here when others have been moved for it.
{ small | sed 's/overcommit 400/overcommit 4000/'; echo trace
	for i in $(seq 62); do echo "arrive v$i 1 1 0 shared span=1"; done
	printf '%s\n' 'arrive p 1 400 0 shared span=1' \
		'arrive q 1 600 0 shared span=1' \
		'arrive r 1 560 0 shared span=1'; } |
	"$ctl" plan --may-migrate 2>"$dir/err" | tail -n 2 |
	gives_last "a move while the table grows" \
		"move p cpu:n1 mem 1=400" "place r cpu:n0 mem 0=560"
small | gives "capacity" "8 more fit; then CPUs run out, 1 vCPUs short (nearest: node 0)" \
	--capacity vcpus=1,mem=10,policy=prefer
small >"$dir/topo"
"$ctl" plan --topology "$dir/topo" --trace /nonexistent 2>/dev/null
[ $? = 1 ]; result $? "a file that is not there"
"$ctl" topology --export >"$dir/this" &&
	echo 'arrive a 1 1 0 shared' |
	"$ctl" plan --topology "$dir/this" 2>/dev/null | grep -q '^place a'
result $? "the export of this host is a topology"

{ small; echo 'nodes 2'; } | refuses "nodes twice" 17
{ small; echo 'node 1 mem 5'; } | refuses "a node twice" 17
{ small; echo 'cpu 3 node 0 socket 0 llc 0 core 0'; } | refuses "a CPU twice" 17
{ small; echo 'cpu 9 node 2 socket 0 llc 0 core 9'; } | refuses "no such node" 17
{ small; echo 'cpu 9 node 1 socket 0 llc 1 core 0'; } |
	refuses "a core on two nodes" 17
{ small; echo 'cpu -1 node 1 socket 0 llc 1 core 9'; } | refuses "negative" 17
echo 'nodes 99999999999999999999' | refuses "too many nodes" 1
printf 'nodes 1\ndist 0 0\n' | refuses "a distance of 0" 2
printf 'nodes 1\nnode 0 mem 5\n' | refuses "no distances" 2
printf 'topology x\n' | refuses "no nodes" 1
head -c 200000 /dev/zero | tr '\0' x | refuses "an endless line" 1
head -c 100 /dev/zero | refuses "bytes of 0" 1
for event in 'arrive' 'arrive a 0 1 0 shared' 'arrive a 9999 1 0 shared' \
	'arrive a 1 0 0 shared' 'arrive a -1 1 0 shared' \
	'arrive a 1 99999999999999999999 0 shared' 'arrive a 1 1 2 shared' \
	'arrive a 2 1 2 shared' 'arrive a 1 1 0 never' \
	'arrive a 1 1 0 shared span=0' 'arrive a 1 1 0 shared span=x' \
	'arrive a 1 1 0 shared what' 'depart' 'rebalance -1' 'rebalance' 'x'; do
	{ small; echo trace; echo "$event"; } | refuses "event: $event" 18
done
{ small; echo trace; yes 'arrive a 1 1 0 shared' | head -2; } |
	refuses "an id twice" 19

# Lines lost, doubled, cut and mixed: an answer or an error, never a crash.
{ small; echo trace; for i in 1 2 3 4 5 6 7 8 9; do
	echo "arrive v$i $i $((i * 40)) $((i % 3)) prefer span=$((1 + i % 2))"
	echo "depart v$((i - 2))"; done; } >"$dir/good"
bad=0
for seed in $(seq 60); do
	awk -v seed="$seed" 'BEGIN { srand(seed) }
		{ r = rand() }
		r < 0.04 { next }
		r < 0.08 { print }
		r < 0.12 { $(1 + int(rand() * NF)) = int(rand() * 1e10) }
		r < 0.14 { $0 = substr($0, 1, int(rand() * length($0))) }
		{ print }' "$dir/good" >"$dir/mutant"
	"$ctl" plan --may-migrate <"$dir/mutant" >/dev/null 2>"$dir/err"
	status=$?
	if [ $status != 0 ] && [ $status != 2 ]; then
		bad=1
		sed 's/^/# /' "$dir/err" | head -20
	fi
done
result $bad "60 damaged inputs"
echo "1..$tests"
exit $failed
