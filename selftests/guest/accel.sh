#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# accel.sh KERNEL INITRAMFS: prints the QEMU options for the processor: KVM
# where it really boots this kernel, else emulation. That /dev/kvm is there
# says little (think of nested virtualisation), so it is tried, once per boot
# of the host.

set -euo pipefail
# shellcheck source=selftests/guest/lib.sh
. "$(dirname "$0")/lib.sh"

kvm='-accel kvm -cpu max'
tcg='-accel tcg,thread=multi -cpu max'

emulator=$("$guest/emulator.sh")

kvm_boots()
{
	# shellcheck disable=SC2086 # $kvm is several words
	timeout --kill-after=1 5 "$emulator" $kvm -smp 2 -m 512 -nodefaults \
		-display none -no-reboot -serial stdio -kernel "$1" -initrd "$2" \
		-append "console=ttyS0 quiet panic=-1 vcpunuma.probe" \
		</dev/null 2>/dev/null | grep "guest-init: alive" >/dev/null
}

[ -w /dev/kvm ] || { echo "$tcg"; exit 0; }

answer="$cache/accel.$(cat /proc/sys/kernel/random/boot_id)"
lock_cache accel
if [ ! -f "$answer" ]; then
	say "trying whether KVM works here"
	rm -f "$cache"/accel.*
	if kvm_boots "$@"; then
		echo "$kvm"
	else
		echo "$tcg"
	fi >"$answer.new"
	mv "$answer.new" "$answer"
fi
cat "$answer"
