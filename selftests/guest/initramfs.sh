#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# initramfs.sh KERNEL_DIR: packs guest-init, guest-ticks, busybox and the few
# modules needed to reach the host's files, and prints the archive's name. Packed
# anew when these scripts or the kernel have changed.

set -euo pipefail
# shellcheck source=selftests/guest/lib.sh
. "$(dirname "$0")/lib.sh"

kernel=${1:?usage: initramfs.sh KERNEL_DIR}
release=$(cat "$kernel/release")
archive="$build/$release/initramfs.cpio"
busybox=$(command -v busybox) || die "no busybox: run 'make deps'"

if [ "$archive" -nt "$guest/guest-init" ] && [ "$archive" -nt "$guest/guest-ticks" ] &&
	[ "$archive" -nt "$kernel/release" ] && [ "$archive" -nt "$0" ]; then
	echo "$archive"
	exit 0
fi

mkdir -p "$(dirname "$archive")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{bin,dev,lower,modules,newroot,proc,share,sys,upper}
cp "$busybox" "$work/bin/busybox"
cp "$guest/guest-init" "$work/init"
cp "$guest/guest-ticks" "$work/guest-ticks"
chmod 755 "$work/init" "$work/guest-ticks"

# Dependencies first, each once: guest-init need only go down the list. busybox
# loads none that are compressed.
for module in virtio_pci 9pnet_virtio 9p overlay; do
	PATH=$PATH:/usr/sbin modprobe -d "$kernel" -S "$release" --show-depends "$module"
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
	while read -r module; do
		name=$(basename "${module%.xz}")
		xz -dcf "$module" >"$work/modules/$name"
		echo "$name" >>"$work/modules/order"
	done

(cd "$work" && find . | busybox cpio -o -H newc) >"$archive.$$" 2>/dev/null
mv "$archive.$$" "$archive"
echo "$archive"
