#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ksource.sh [-n]: fetches from Debian's kernel source package the few files
# that are used here but not copied into this tree (the kselftest harness,
# checkpatch, kernel-doc, ...) and prints the directory they are in.
#
# -n  do not fetch; fail without a word if they are not there

set -euo pipefail
# shellcheck source=selftests/guest/apt.sh
. "$(dirname "$0")/apt.sh"

package=linux-source-6.1
files=(
	tools/testing/selftests/kselftest.h
	tools/testing/selftests/kselftest_harness.h
	tools/testing/selftests/kselftest
	tools/testing/selftests/lib.mk
	tools/testing/selftests/run_kselftest.sh
	scripts/checkpatch.pl
	scripts/const_structs.checkpatch
	scripts/spelling.txt
	scripts/kernel-doc
	scripts/extract-vmlinux
	scripts/decode_stacktrace.sh
	scripts/faddr2line
	scripts/coccinelle
)

# Another list of files is another directory: no stale cache after a change.
key=$(printf '%s\n' "$package" "${files[@]}" | cksum | cut -d ' ' -f 1)
final="$cache/ksource/$key"

if [ -d "$final" ]; then
	echo "$final"
	exit 0
fi
[ "${1-}" != -n ] || exit 1

fetch()
{
	apt_unpack "$1/.package" "$package" &&
		tar -C "$1" --strip-components=1 -xf \
			"$1/.package/usr/src/$package.tar.xz" \
			"${files[@]/#/$package/}" &&
		rm -r "$1/.package"
}

lock_cache apt
if [ ! -d "$final" ]; then
	[ -n "$(apt_field "$package" Version)" ] || apt_update
	mkdir -p "$cache/ksource"
	temporary=$(mktemp -d "$cache/ksource/.new.XXXXXX")
	trap 'rm -rf "$temporary"' EXIT
	logged "fetching the kselftest harness and checkpatch ($package)" \
		fetch "$temporary" ||
		die "could not fetch $package; if the package lists are old: apt-get update"
	chmod 755 "$temporary"
	mv "$temporary" "$final"
fi
echo "$final"
