#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# qemu.sh: QEMU as Debian has it, which knows nothing of us, runs a small Linux
# under KVM with its RAM from /dev/vcpunuma, bound to a node.

set -u
report=/sys/kernel/debug/vcpunuma/report
size=128
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$dir"' EXIT
# shellcheck source=selftests/tap.sh
. "$(dirname "$(realpath "$0")")/tap.sh"

leave()
{
	echo "1..$tests"
	exit $failed
}

# equal TITLE EXPECTED FOUND
equal()
{
	[ "$2" = "$3" ] || echo "# $1: expected '$2', found '$3'"
	[ "$2" = "$3" ]
	result $? "$1"
}

skip_all()
{
	echo "1..0 # SKIP $1"
	exit 4
}

command -v qemu-system-x86_64 >/dev/null || skip_all "no QEMU"
modprobe kvm-amd 2>/dev/null || modprobe kvm-intel 2>/dev/null
[ -e /dev/kvm ] || skip_all "no KVM"
# The last node with memory enough, which is another than QEMU starts on.
node=
for n in /sys/devices/system/node/node*; do
	free=$(awk '/MemFree/ { print int($4 / 1024) }' "$n/meminfo")
	[ "$free" -lt $((size + 64)) ] || node=${n##*node}
done
[ -n "$node" ] || skip_all "no node with $((size + 64)) MiB free"

# The kernel that runs here, from where it came from.
# shellcheck source=/dev/null # written by run.sh
. /run/share/settings
kernel=${modules:?}/../..
image=$kernel/vmlinux
[ -f "$image" ] || image=$kernel/bzImage

# Checks its memory, says so, and ends when it is told to.
mkdir -p "$dir"/fs/{bin,proc,dev,tmp}
cp "$(command -v busybox)" "$dir/fs/bin/busybox"
cat >"$dir/fs/init" <<'INIT'
#!/bin/busybox sh
bb=/bin/busybox
$bb mount -t devtmpfs dev /dev
exec </dev/ttyS0 >/dev/ttyS0 2>&1
$bb mount -t tmpfs tmp /tmp
$bb dd if=/dev/urandom of=/tmp/a bs=1M count=8 2>/dev/null
for i in 1 2 3; do
	$bb cat /tmp/a >/tmp/b$i
done
for i in 1 2 3; do
	$bb cmp /tmp/a /tmp/b$i || echo "inner: corrupt"
done
echo "inner: up"
read line
$bb poweroff -f
INIT
chmod 755 "$dir/fs/init"
(cd "$dir/fs" && find . | busybox cpio -o -H newc) >"$dir/initramfs" 2>/dev/null
mkfifo "$dir/in"

# start ALIGN OPTIONS...: QEMU, with its console in a file
start()
{
	local align=$1
	shift
	qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot \
		-accel kvm -cpu qemu64 -smp 2 -machine pc,memory-backend=ram -m "$size" \
		-object "memory-backend-file,id=ram,size=${size}M,mem-path=/dev/vcpunuma,share=on,host-nodes=$node,policy=bind$align" \
		-serial stdio "$@" <"$dir/in" >"$dir/console" 2>"$dir/errors" &
	pid=$!
	exec 3>"$dir/in"
}

# until_true COMMAND...: within five minutes, as long as QEMU lives
until_true()
{
	local _
	for _ in $(seq 1500); do
		"$@" && return 0
		kill -0 $pid 2>/dev/null || return 1
		sleep 0.2
	done
	return 1
}

# KiB of QEMU's mapping of us: of_ram FIELD
of_ram()
{
	awk -v field="$1:" '/^[0-9a-f]+-[0-9a-f]+ / { ours = /vcpunuma:[0-9]/ }
		ours && $1 == field { sum += $2 } END { print sum + 0 }' "/proc/$pid/smaps"
}

# Pages of that mapping that are on other nodes than the one asked for
elsewhere()
{
	grep "vcpunuma:[0-9]" "/proc/$pid/numa_maps" | tr ' ' '\n' |
		awk -F= -v node="N$node" '/^N[0-9]+=/ && $1 != node { sum += $2 }
			END { print sum + 0 }'
}

all_is_there()
{
	[ "$(of_ram Rss)" = $((size << 10)) ]
}

# What the report says of the memory of a VM of QEMU's
said()
{
	grep -A4 "(qemu-system" "$report" | grep -m1 '^  memory'
}

inner_is_up()
{
	grep -q 'inner: up' "$dir/console"
}

start ,align=2M -kernel "$image" -initrd "$dir/initramfs" \
	-append "console=ttyS0 quiet panic=-1 no_timer_check"
until_true inner_is_up
result $? "Linux boots in QEMU with RAM from /dev/vcpunuma"
if ! inner_is_up; then
	sed 's/^/# /' "$dir/console" "$dir/errors" | tail -40
	leave
fi
grep -q 'inner: corrupt' "$dir/console"
equal "its memory is what it wrote" 1 $?
equal "no page is on another node" 0 "$(elsewhere)"
rss=$(of_ram Rss)
[ "$rss" -gt 16384 ]
result $? "pages are on node $node ($rss KiB)"
equal "all are mapped by 2 MiB" "$rss" "$(of_ram FilePmdMapped)"
large=$(cat /sys/kernel/debug/kvm/"$pid"-*/pages_2m)
[ "$large" -gt 4 ]
result $? "KVM maps them by 2 MiB ($large)"
grep -q "bind:$node.*vcpunuma:[0-9]" "/proc/$pid/numa_maps"
result $? "numa_maps tells the policy"
said | grep -q 'not aligned'
equal "the report finds nothing wrong" 1 $?
echo >&3
wait $pid
equal "QEMU ends by itself" 0 $?
exec 3>&-
grep -q 'qemu-system' "$report"
equal "nothing is left" 1 $?

# QEMU chooses an address by what it knows of the file, which is 4 KiB.
start ",prealloc=on" -S
until_true all_is_there
equal "prealloc=on: all of it is there" $((size << 10)) "$(of_ram Rss)"
equal "prealloc=on: no page is on another node" 0 "$(elsewhere)"
if [ "$(of_ram FilePmdMapped)" = 0 ]; then
	said | grep -q 'mapped by 4 KiB at an address not aligned to 2 MiB'
	result $? "without align=2M: the report tells"
else
	result 0 "without align=2M: aligned by chance"
fi
kill $pid
wait $pid
exec 3>&-
grep -q 'qemu-system' "$report"
equal "nothing is left again" 1 $?
leave
