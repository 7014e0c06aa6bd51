#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# user.sh analyzer | tidy | cppcheck HARNESS BUILD: one of three programs that
# look for mistakes in what runs in user space. HARNESS is the directory of
# kselftest_harness.h, BUILD a directory that has the generated headers in
# fuzz/ and selftests/.

set -euo pipefail
cd "$(dirname "$0")/../.."
usage='usage: user.sh analyzer|tidy|cppcheck HARNESS BUILD'
program=${1:?$usage}
harness=${2:?$usage}
build=${3:?$usage}

tests=(-D_GNU_SOURCE -I uapi -I userspace/lib -I "$build/fuzz" -I "$build/selftests")

# gcc's own, by the same rules as what is installed and run, in a place of its
# own; what has not changed since the last time is not looked at again. A test of
# the core that has failed returns at once, and leaks; it is near its end.
analyzer()
{
	local dir=$build/analyzer
	mkdir -p "$dir/selftests"
	make -s -C userspace BUILD="$dir/userspace" CFLAGS="-O2 -g -fanalyzer" &&
	CFLAGS=-fanalyzer make -s -C selftests OUTPUT="$dir/selftests" BUILD="$dir" &&
	CFLAGS=-fanalyzer make -s -C selftests/fuzz OUTPUT="$dir/fuzz" &&
	make -s -C selftests/core BUILD="$dir/core" SAN= \
		CFLAGS="-fanalyzer -Wno-analyzer-malloc-leak" \
		"$dir"/core/{unit,property,count}
}

# tidy_each DIRECTORY... -- OPTION...: a process for each file, as clang-tidy 14
# takes what it knows of one file's va_list over to the next. What each
# directory is held to is in the .clang-tidy files.
tidy_each()
{
	local -a directories=()
	while [ "$1" != -- ]; do
		directories+=("$1")
		shift
	done
	find "${directories[@]}" -maxdepth 1 -name '*.c' -print0 | sort -z |
		xargs -0 -P "$(nproc)" -I{} sh -c 'clang-tidy --quiet "$@" 2>/dev/null' - \
		{} "$@"
}

tidy()
{
	tidy_each userspace/lib userspace/ctl userspace/examples \
		selftests/core -- -std=gnu11 -I uapi -I userspace/lib -I kmod/core
	# A test of the harness is one function with a branch at each line: what
	# takes minutes to follow to the end is followed for about a second.
	tidy_each selftests selftests/fuzz -- \
		-std=gnu11 -isystem "$harness" "${tests[@]}" \
		-Xclang -analyzer-config -Xclang max-nodes=10000
}

# Not heeded: that a variable could be declared further in (the kernel's style
# is to declare at the top of a function); that it does not get through a macro
# of the harness, which the compilers do; what it says of the harness itself;
# and x = f(x) ?: x, which it takes for x = x.
cppcheck_each()
{
	cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
		--enable=warning,style,performance,portability \
		--suppress=variableScope --suppress=internalAstError \
		--suppress='*:*/kselftest*.h' --suppress=selfAssignment "$@"
}

case $program in
analyzer) analyzer ;;
tidy) tidy ;;
cppcheck)
	cppcheck_each -I uapi -I userspace/lib -I kmod/core userspace
	cppcheck_each -j "$(nproc)" -I "$harness" "${tests[@]}" selftests
	;;
*) echo "$usage" >&2; exit 1 ;;
esac
