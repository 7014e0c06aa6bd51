#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What "make demo" runs in a guest: a small VMM places four vCPUs and their
# memory with vcpunuma; then the kernel itself is asked where they are.

set -euo pipefail

title()
{
	printf '\n==== %s\n' "$*"
}

# show COMMAND...: the command as one would type it, then its output.
show()
{
	printf '$ %s\n' "$*"
	"$@"
}

# Waits until the VMM holds still, or has ended.
wait_for_vmm()
{
	while [ -d "/proc/$vmm" ] && ! grep -q 'holding' /tmp/vmm.log; do
		sleep 0.1
	done
	cat /tmp/vmm.log
}

modprobe -q kvm-amd || modprobe -q kvm-intel || {
	echo "this guest has no KVM; choose another TOPO"
	exit 1
}
show insmod "$BUILD/$(uname -r)/module/vcpunuma.ko"

title "The host's topology"
show vcpunumactl topology

title "A VMM with 4 vCPUs and 64 MiB starts"
echo '$ kvm-vmm --vcpus 4 --mem 64M --hold &'
mkfifo /tmp/hold
kvm-vmm --vcpus 4 --mem 64M --hold </tmp/hold >/tmp/vmm.log 2>&1 &
vmm=$!
exec 3>/tmp/hold
wait_for_vmm

title "What vcpunuma says"
show vcpunumactl report

title "What the kernel says: CPUs each thread may use, and is on"
for task in /proc/"$vmm"/task/*; do
	printf '%-16s allowed %-8s last on CPU %s\n' "$(cat "$task/comm")" \
		"$(sed -n 's/^Cpus_allowed_list:\t//p' "$task/status")" \
		"$(sed 's/.*) //' "$task/stat" | cut -d ' ' -f 37)"
done

title "What the kernel says: nodes of the guest's memory (N<node>=<4 KiB pages>)"
show grep vcpunuma "/proc/$vmm/numa_maps"

title "What KVM says: pages of 2 MiB and 4 KiB it gave to the guest"
show grep . /sys/kernel/debug/kvm/*-*/pages_2m /sys/kernel/debug/kvm/*-*/pages_4k

title "The VMM ends, and everything is given back"
exec 3>&-
wait "$vmm"
show vcpunumactl report
show rmmod vcpunuma
