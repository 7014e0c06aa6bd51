#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# run.sh [options] [--] COMMAND...: boots a guest, runs COMMAND in it as root,
# in the same directory and with the same files as here, and exits with
# COMMAND's status. What the guest writes to its disk is gone afterwards.
#
#   -t TOPOLOGY  one of selftests/guest/topologies (4node), or a file like these
#   -k KERNEL    a version kernel.sh knows, or a directory as it makes (6.1)
#   -T SECONDS   time limit, boot included (600)
#   -l DIR       where to keep the logs (build/guest)
#   -a OPTIONS   more for the kernel's command line
#   -c           count: an emulated processor whose clock counts instructions, so
#                that the same work takes the same time in each run; for topologies
#                of one processor
#   -i           interactive: COMMAND gets this terminal, and no time limit
#
# Own exit statuses: 123 the kernel complained, 124 out of time, 125 the guest
# died or could not be started.
#
# In DIR, which the guest sees as /run/share:
#   console.log  the kernel's console    dmesg.log  its whole log, if it lived
#   output.log   COMMAND's output        status     COMMAND's exit status
#   booted       exists once guest-init ran  qemu.log   what QEMU had to say

set -euo pipefail
# shellcheck source=selftests/guest/lib.sh
. "$(dirname "$0")/lib.sh"

topology=4node kernel=6.1 limit=600 logs=$build/guest options='' interactive=no
count=no
boot_limit=240

while getopts t:k:T:l:a:ci option; do
	case $option in
	t) topology=$OPTARG ;;
	k) kernel=$OPTARG ;;
	T) limit=$OPTARG ;;
	l) logs=$OPTARG ;;
	a) options=$OPTARG ;;
	c) count=yes ;;
	i) interactive=yes ;;
	*) exit 125 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || die "run.sh: no command"

# Reads a topology: QEMU's options, one or more in a line; # begins a comment.
read_topology()
{
	local file="$guest/topologies/$1" line
	[[ $1 != */* ]] || file=$1
	[ -f "$file" ] ||
		die "no topology $1; there are: $(cd "$guest/topologies" && echo *)"
	while read -r line; do
		# shellcheck disable=SC2206 # the words of the line
		machine+=(${line%%#*})
	done <"$file"
}

write_share()
{
	mkdir -p "$logs"
	rm -f "$logs"/{booted,status,console.log,output.log,dmesg.log,qemu.log}
	# Read by guest-init, which has a small shell, and by guest-session.
	cat >"$logs/settings" <<-SETTINGS
	session='$guest/guest-session'
	tree='$tree'
	modules='$kernel_dir/lib/modules'
	interactive='$interactive'
	SETTINGS
	{
		printf 'cd %q\n' "$PWD"
		printf 'export TERM=%q BUILD=%q\n' "${TERM:-dumb}" "$build"
		printf 'export PATH=%q:%q:%q:%s\n' "$build/userspace" \
			"$build/userspace/examples" "$build/selftests" "\$PATH"
		printf 'export LD_LIBRARY_PATH=%q\n' "$build/userspace/lib"
		[ $interactive = no ] || printf 'stty %s\n' "$(stty size |
			sed 's/\(.*\) \(.*\)/rows \1 columns \2/')"
		printf '%q ' "$@"
		echo
	} >"$logs/job"
}

start_qemu()
{
	# shellcheck disable=SC2054 # QEMU's commas
	local -a qemu=(
		"$emulator" -nodefaults -no-user-config -display none -no-reboot
		-machine pc "${accel[@]}" "${machine[@]}"
		-kernel "$image" -initrd "$initramfs" -append "${append[*]}"
		-serial "file:$logs/console.log"
		-chardev "stdio,id=output,logfile=$logs/output.log,signal=$signal"
		-serial chardev:output
		-fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap
		-device virtio-9p-pci,bus=pci.0,fsdev=root,mount_tag=root
		-fsdev "local,id=share,path=$logs,security_model=none"
		-device virtio-9p-pci,bus=pci.0,fsdev=share,mount_tag=share
	)
	if [ $interactive = yes ]; then
		"${qemu[@]}" <&0 2>"$logs/qemu.log" &
	else
		"${qemu[@]}" </dev/null 2>"$logs/qemu.log" &
	fi
	pid=$!
}

# Waits for the guest to end, by itself or by a time limit.
wait_for_guest()
{
	local begin=$SECONDS
	while kill -0 "$pid" 2>/dev/null; do
		if [ ! -e "$logs/booted" ] && { [ $((SECONDS - begin)) -ge $boot_limit ] ||
			grep -aqs "rcu: .* detected stalls" "$logs/console.log"; }; then
			break
		fi
		if [ $interactive = no ] && [ $((SECONDS - begin)) -ge "$limit" ]; then
			timed_out=yes
			break
		fi
		sleep 0.2
	done
	stop_qemu
}

stop_qemu()
{
	[ -n "${pid-}" ] || return 0
	kill "$pid" 2>/dev/null || true
	wait "$pid" || true
	pid=
}

verdict()
{
	local status excerpt log=$logs/dmesg.log
	[ -s "$log" ] || log=$logs/console.log
	excerpt=$("$guest/klog.sh" "$log") || true

	if [ -s "$logs/status" ]; then
		status=$(cat "$logs/status")
	elif [ $timed_out = yes ]; then
		status=124
		say "the guest was stopped after $limit seconds"
	else
		status=125
		say "the guest died"
	fi
	if [ -n "$excerpt" ]; then
		say "the guest's kernel complained ($log):"
		printf '%s\n' "$excerpt" | sed 80q >&2
		[ "$status" != 0 ] || status=123
	elif [ "$status" = 125 ]; then
		say "the end of $log:"
		tail -n 20 "$log" "$logs/qemu.log" >&2
	fi
	return "$status"
}

if [ -d "$kernel" ]; then
	kernel_dir=$(realpath "$kernel")
else
	kernel_dir=$("$guest/kernel.sh" "$kernel") || exit 125
fi
image=$kernel_dir/vmlinux
[ -f "$image" ] || image=$kernel_dir/bzImage
initramfs=$("$guest/initramfs.sh" "$kernel_dir") || exit 125
if [ $count = yes ]; then
	# The machine's own: with one processor none of what emulator.sh is about
	# happens, and QEMU's versions count differently (10 a third more to clear
	# a page than 7.2).
	emulator='qemu-system-x86_64'
	# One instruction is a nanosecond, of the time stamp counter too. Without
	# erms, which the emulation counts as one instruction a byte, the kernel
	# copies and clears in loops of words. Without fsrm too: with only that, which
	# no processor has, 6.1 does not boot.
	# shellcheck disable=SC2054 # QEMU's commas
	accel=(-accel tcg,thread=single -icount "shift=0,sleep=off"
		-rtc "base=2024-01-01,clock=vm" -cpu "max,-erms,-fsrm,-rdrand")
else
	emulator=$("$guest/emulator.sh") || exit 125
	read -ra accel < <("$guest/accel.sh" "$image" "$initramfs")
fi
machine=()
read_topology "$topology"
logs=$(realpath -m "$logs")

# Any complaint of the kernel ends the guest. no_timer_check: under emulation
# on a busy host the timer check may fail without a reason. init_on_alloc=0:
# Debian's kernels clear all memory by themselves, which hides whether the
# module does. norandmaps: QEMU translates code once for each address it is seen
# at, so that with thousands of processes, each with its libraries elsewhere, there
# are thousands of translations of a page; when that page is used anew, each byte
# written to it looks through all of them, and that takes minutes.
append=(
	console=ttyS0 loglevel=5 log_buf_len=4M
	panic=-1 panic_on_warn=1 oops=panic hung_task_panic=1 softlockup_panic=1
	watchdog_thresh=30 no_timer_check
	init_on_alloc=0 init_on_free=0 norandmaps
)
[ ! -f "$kernel_dir/cmdline" ] || append+=("$(cat "$kernel_dir/cmdline")")
[ $count = no ] || append+=(tsc=reliable clocksource=tsc tsc_early_khz=1000000
	nokaslr)
[ -z "$options" ] || append+=("$options")
signal=on
[ $interactive = no ] || signal=off
timed_out=no
pid=
trap stop_qemu EXIT
trap 'exit 130' INT TERM

write_share "$@"
start_qemu
wait_for_guest
# Under emulation a kernel sometimes dies before its first process, or has lost a
# timer (see guest-ticks); nothing of ours has run by then.
for try in 1 2 3 4; do
	if [ -e "$logs/booted" ] || [ $timed_out = yes ]; then
		break
	fi
	say "the guest did not boot; trying once more"
	mv "$logs/console.log" "$logs/console-$try.log"
	start_qemu
	wait_for_guest
done
status=0
verdict || status=$?
exit $status
