#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# emulator.sh: prints the QEMU that guests run in. That is this machine's own if
# it is new enough, else the one of Debian 12's backports, unpacked in the cache
# beside it (its libraries are those of the machine's own).
#
# Before 8.1, an emulated processor could translate code while another one wrote
# it, and keep the translation of what was there before. The kernel writes its
# own code often (static keys: the first VM of KVM, the first cpuset), with a
# breakpoint in the meantime: a processor that kept the breakpoint died of it, or
# took it for ever, with interrupts off.

set -euo pipefail
# shellcheck source=selftests/guest/apt.sh
. "$(dirname "$0")/apt.sh"

own=qemu-system-x86_64
enough=8.1
suite=bookworm-backports
packages=(qemu-system-x86 qemu-system-common qemu-system-data seabios)

version=$($own --version | sed -n 's/.*version \([0-9.]*\).*/\1/p')
if dpkg --compare-versions "$version" ge $enough; then
	command -v $own
	exit 0
fi

final="$cache/emulator/$suite-$(cksum <"$0" | cut -d ' ' -f 1)"
if [ -x "$final/run" ]; then
	echo "$final/run"
	exit 0
fi

# In a shell of its own: whatever fails there, the machine's own is left.
fetch()
(
	dir=$1
	apt_use_suite $suite
	apt_unpack "$dir" "${packages[@]/%//$suite}" || return 1
	cat >"$dir/run" <<-'EOF'
	#!/bin/sh
	usr=$(dirname "$0")/usr
	export QEMU_MODULE_DIR="$usr/lib/x86_64-linux-gnu/qemu"
	exec "$usr/bin/qemu-system-x86_64" -L "$usr/share/qemu" \
		-L "$usr/share/seabios" "$@"
	EOF
	chmod +x "$dir/run"
	"$dir/run" --version
)

lock_cache apt
if [ ! -x "$final/run" ]; then
	mkdir -p "$cache/emulator"
	temporary=$(mktemp -d "$cache/emulator/.new.XXXXXX")
	trap 'rm -rf "$temporary"' EXIT
	if ! logged "fetching QEMU from Debian's $suite" fetch "$temporary"; then
		say "guests run in QEMU $version, which sometimes trips over a" \
			"kernel that changes its own code"
		command -v $own
		exit 0
	fi
	chmod 755 "$temporary"
	mv "$temporary" "$final"
fi
echo "$final/run"
