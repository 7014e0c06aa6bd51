#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# clang-headers.sh KDIR DIR: makes DIR the kernel headers KDIR, configured for
# clang. What is built with them is to be looked at, not to be loaded: Debian's
# kernels are built with gcc, and headers of a clang build are not to be had.
#
# DIR is links to KDIR, apart from the configuration: there the compiler is
# clang, and what it takes gcc for is off.

set -euo pipefail
# shellcheck source=selftests/guest/lib.sh
. "$(dirname "$0")/guest/lib.sh"

kdir=${1:?usage: clang-headers.sh KDIR DIR} dir=${2:?}

only_gcc=(
	# which compiler it is, and flags that follow from that
	CC_IS_GCC CC_IMPLICIT_FALLTHROUGH GCC_PLUGINS
	# flags, or forms of them, that clang lacks, or lacked when the oldest of
	# these kernels was new; each is about the code made, not about its source
	CC_HAS_RETURN_THUNK RETHUNK MITIGATION_RETHUNK CC_HAS_SLS SLS MITIGATION_SLS
	FTRACE_MCOUNT_USE_CC INIT_STACK_ALL_ZERO CC_HAS_MIN_FUNCTION_ALIGNMENT
	UBSAN_BOUNDS_STRICT
	# named address spaces, which make clang warn in the kernel's own headers
	CC_HAS_NAMED_AS USE_X86_SEG_SUPPORT
	# objtool expects the code of the flags above
	OBJTOOL
)
pattern=$(IFS='|'; echo "${only_gcc[*]}")

rm -rf "$dir"
mkdir -p "$dir"
cp -rs "$(realpath "$kdir")/." "$dir/"
if [ -d "$kdir/toolchain" ]; then
	toolchain=$("$guest/toolchain.sh" "$(cat "$kdir/toolchain/suite")" clang)
	ln -sfn "$toolchain" "$dir/toolchain"
fi

# replace FILE SED...: a changed copy in place of the link
replace()
{
	local file=$1
	shift
	sed -E "$@" "$dir/$file" >"$dir/$file.new"
	mv "$dir/$file.new" "$dir/$file"
}
replace include/config/auto.conf -e "/^CONFIG_($pattern)=/d" \
	-e 's/^(CONFIG_GCC_VERSION)=.*/\1=0/' \
	-e "\$ a CONFIG_CC_IS_CLANG=y"
replace include/generated/autoconf.h -e "/^#define CONFIG_($pattern) /d" \
	-e "\$ a #define CONFIG_CC_IS_CLANG 1"
replace Makefile "s,^(KBUILD_OUTPUT=).*,\\1$(realpath "$dir"),"
