#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ctl.sh: what vcpunumactl tells of the ledger, of VMs and of decisions, with VMs
# that it runs itself.

set -u
ctl=vcpunumactl
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=selftests/tap.sh
. "$(dirname "$(realpath "$0")")/tap.sh"
cpus=$(getconf _NPROCESSORS_ONLN)

# tells TITLE PATTERN...: the last output has each pattern in a line.
tells()
{
	local title=$1 pattern status=0
	shift
	for pattern; do
		grep -qE -- "$pattern" "$dir/out" && continue
		echo "# no '$pattern'"
		status=1
	done
	[ $status = 0 ] || sed 's/^/# /' "$dir/out"
	result $status "$title"
}

# Output of a command in a file, with what it says of errors
run()
{
	"$@" >"$dir/out" 2>&1
}

# within NAME OPTIONS... -- COMMAND: in a VM of that name
within()
{
	local name=$1
	shift
	run "$ctl" run --name "$name" "$@"
}

run "$ctl" ledger
result $? "ledger"
tells "ledger: generation and tables" '^Generation [0-9]+;' '^node +CPUs +owned' \
	"^ +$((cpus - 1)) .* (free|shared) "
run "$ctl" ledger --json
result $? "ledger as JSON"
tells "ledger as JSON: fields" '"generation": *[0-9]+' '"mem_room": *[0-9]+' \
	'"state": *"free"'
within owner --vcpus 1 --reserve own -- "$ctl" ledger
tells "ledger: a CPU that a VM owns" ' owned +[0-9]+ +0$'

within listed --vcpus 1 --mem 4M --reserve own -- "$ctl" list
result $? "list"
tells "list: the VM" '^ +[0-9]+ +[0-9]+ +1 +4  reserved  listed$'
run "$ctl" list
[ ! -s "$dir/out" ]
result $? "list: nothing when there is none"

within told --vcpus 1 --mem 4M --reserve own --near 0 -- "$ctl" explain told
result $? "explain"
tells "explain: request and answer" '^VM [0-9]+ \(told\), pid [0-9]+: reserved$' \
	'^Decision [0-9]+, .* made [0-9]+ time' \
	'^Asked for: 1 vCPUs with own CPUs, 4 MiB, compact, near node 0, on nodes 0' \
	'^  node [0-9]+: 1 vCPUs, 4 MiB$' '^  node [0-9]+: chosen, cost [0-9]+'
within plain --vcpus 1 --reserve shared -- \
	bash -c "$ctl list | awk '\$NF == \"plain\" { print \$1 }' | xargs $ctl explain"
tells "explain: by id" '^VM [0-9]+ \(plain\)' 'with shared CPUs'
# The VM stays while its file is open, and remembers what was refused.
run "$ctl" run --vcpus $((cpus + 5)) --reserve own -- true
[ $? = 1 ]
result $? "run: refused"
tells "run: says why it was refused" 'the nodes it may use lack CPUs \(ENOSPC\)'
run "$ctl" explain nobody-has-this-name
[ $? = 1 ]
result $? "explain: no such name"
run "$ctl" explain 16777215
[ $? = 1 ]
result $? "explain: no such VM"
within twice --vcpus 1 --reserve shared -- "$ctl" run --vcpus 1 --reserve shared \
	--name twice -- "$ctl" explain twice
[ $? = 1 ]
result $? "explain: a name that two have"

run "$ctl" run --vcpus 1 --near 0000:00:00.0 -- true
[ $? = 2 ]
result $? "run: --near without --reserve"
for wrong in x 1:2 0:20:0 00:20.0 00:00.8 100:00.0 0000:00:00.0x; do
	run "$ctl" run --vcpus 1 --reserve own --near "$wrong" -- true
	[ $? = 2 ]
	result $? "run: --near $wrong"
done
run "$ctl" run --vcpus 1 --reserve mine -- true
[ $? = 2 ]
result $? "run: --reserve mine"
run "$ctl" run --vcpus 1 --reserve own --near ffff:ff:1f.7 -- true
tells "run: a device that is not there" 'no such PCI device \(ENOENT\)'

# Near each device that is near a node with CPUs and memory
for device in /sys/bus/pci/devices/*; do
	node=$(cat "$device/numa_node")
	[ "$node" -ge 0 ] || continue
	within near --vcpus 1 --mem 2M --reserve own --near "${device##*/}" -- \
		"$ctl" explain near
	tells "run: near ${device##*/}" \
		"near PCI device ${device##*/} \\(node $node\\)" \
		"^  node $node: 1 vCPUs, 2 MiB\$"
done

echo "1..$tests"
exit $failed
