#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# abi.sh check | record LIBRARY: compares what programs see of the uAPI header
# and of the library with what is recorded beside this script, or records it.
#
# check fails on any difference, since an addition is to be recorded too.
# record takes additions; what is not one, only with ABI=break.

set -euo pipefail
here=$(dirname "$(realpath "$0")")
tree=$(realpath "$here/../..")
usage="usage: abi.sh check|record LIBRARY"
verb=${1:?$usage}
library=${2:?$usage}
[[ $verb =~ ^(check|record)$ ]] || { echo "$usage" >&2; exit 1; }
header=$tree/uapi/linux/vcpunuma.h

new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT

# No names of directories in what is recorded.
dump()
{
	abidw --no-corpus-path --no-comp-dir-path --no-show-locs "$@"
}

# A variable of each structure and enumeration of the header, and one whose
# type is an enumeration of nothing but the constant, for each constant.
uapi_variables()
{
	echo '#include <linux/vcpunuma.h>'
	sed -nE \
		-e 's/^(struct|enum) (vcpunuma_[a-z0-9_]+) \{$/\1 \2 *\2;/p' \
		-e 's/^#define (VCPUNUMA_[A-Z0-9_]+)[[:space:]]+[^"[:space:]].*/enum is_\1 { its_\1 = \1 } *\1_;/p' \
		"$header"
}

# uapi_object BITS: an object of that. Padding is an error. The 32-bit headers
# of the C library are not needed: those of the kernel are for both.
uapi_object()
{
	(cd "$new" && gcc -m"$1" -g -c -Wall -Wextra -Wpadded -Werror -I "$tree/uapi" \
		-isystem "/usr/include/$(gcc -print-multiarch)" -o "uapi$1.o" uapi.c)
}

describe()
{
	awk -f "$here/describe.awk" "$1" | sort
}

# Prints what was recorded and is no more, or is not the same.
broken()
{
	comm -23 <(describe "$here/$1.xml") <(describe "$new/$1.xml") |
		sed 's/^/broken: /'
}

uapi_variables >"$new/uapi.c"
uapi_object 64
uapi_object 32
dump "$new/uapi64.o" >"$new/uapi.xml"
dump "$new/uapi32.o" >"$new/uapi32.xml"
dump --header-file "$tree/userspace/lib/vcpunuma.h" --drop-private-types \
	"$library" >"$new/libvcpunuma.xml"

diff -u --label "64 bits" --label "32 bits" \
	<(describe "$new/uapi.xml") <(describe "$new/uapi32.xml")

# abidiff's word for it, and which of it breaks programs.
check()
{
	abidiff --harmless "$here/$1.xml" "$new/$1.xml" >"$new/report" && return 0
	cat "$new/report"
	broken "$1" | grep . || echo "Nothing but additions: record them by make abi"
	return 1
}

record()
{
	if [ -e "$here/$1.xml" ] && [ "${ABI-}" != break ] && broken "$1" | grep .; then
		echo "Existing programs would break. ABI=break records it all the same."
		return 1
	fi
	cp "$new/$1.xml" "$here/"
}

status=0
for what in uapi libvcpunuma; do
	"$verb" "$what" || status=1
done
exit $status
