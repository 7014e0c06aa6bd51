#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# check.sh KDIR: what "make check" does: looks for mistakes without running
# anything. One line per check; the output of those that fail. Goes on after a
# failure. As many checks at a time as there are CPUs, reported in the order
# below, in which those that take longest come first.

set -uo pipefail
# shellcheck source=selftests/guest/lib.sh
. "$(dirname "$0")/guest/lib.sh"
cd "$tree" || exit 1

kdir=${1:?usage: check.sh KDIR}
ksource=$("$guest/ksource.sh")
harness=$ksource/tools/testing/selftests
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
titles=()
running=0
reported=0
failed=0

mapfile -t c_files < <(find kmod uapi selftests -name '*.[ch]' ! -name trace.h |
	sort)
mapfile -t kernel_files < <(find kmod uapi -name '*.[ch]' | sort)
mapfile -t scripts < <(grep -rIlE '^#!/bin/(ba|busybox )?sh|shellcheck shell=' \
	--exclude-dir=.git --exclude-dir=build . | sort)

# Reports the checks that have ended, up to the first that has not.
report()
{
	local out
	while out=$results/$reported && [ -e "$out.status" ]; do
		if [ "$(cat "$out.status")" = 0 ] && [ ! -s "$out" ]; then
			printf '  ok      %s\n' "${titles[reported]}"
		else
			printf '  FAILED  %s\n' "${titles[reported]}"
			sed 's/^/          /' "$out"
			failed=$((failed + 1))
		fi
		reported=$((reported + 1))
	done
}

one_ends()
{
	wait -n
	running=$((running - 1))
	report
}

# check TITLE COMMAND...: passes if the command succeeds and prints nothing.
check()
{
	local out=$results/${#titles[@]}
	titles+=("$1")
	shift
	while [ $running -ge "$(nproc)" ]; do
		one_ends
	done
	{
		"$@" >"$out" 2>&1 </dev/null
		echo $? >"$out.new"
		mv "$out.new" "$out.status"
	} &
	running=$((running + 1))
}

# From 7.3 on, kbuild first asks a script whether sparse is good enough, which
# Debian's headers lack, and the sparse that Debian has would not be.
sparse_is_usable()
{
	local makefile
	makefile=$(sed -n 's/^include //p' "$kdir/Makefile")
	! grep -qs checker-valid.sh "${makefile:-$kdir/Makefile}"
}

# All the compilers', sparse's and modpost's warnings go to stderr.
module_build()
{
	local sparse=
	! sparse_is_usable || sparse='C=2 CF=-D__CHECK_ENDIAN__'
	make -s --no-print-directory module-check KDIR="$kdir" \
		CHECK_WITH="$sparse" >/dev/null
}

# In the same directory, so one after the other
module_builds()
{
	module_build
	make -s --no-print-directory module-clang KDIR="$kdir" >/dev/null
}

# header_alone COMPILER: with its language and standard
header_alone()
{
	"$@" -Wall -Wextra -Werror -fsyntax-only -I uapi uapi/linux/vcpunuma.h
}

headers_alone()
{
	header_alone gcc -x c -std=c90 &&
		header_alone gcc -x c -std=c11 -Wpedantic &&
		header_alone g++ -x c++ -std=c++98 &&
		header_alone g++ -x c++ -std=c++17 -Wpedantic
}

# Names of structures and functions that only look like misspelt words: iput(),
# and a pattern that begins after an optional letter.
spelling()
{
	codespell --ignore-words-list=iput,bjects --skip='./build,./.git,./LICENSES' .
}

# What holds here and nowhere else has no place in the tree. The name of this
# machine counts if it cannot be a word that means something else.
one_machine()
{
	local names='(^|[^)])/(home|root|Users|work)/' name
	name=$(uname -n)
	[[ ! $name =~ [0-9.-] ]] || names+="|\<${name//./\\.}\>"
	grep -rInE "$names" --exclude-dir=.git --exclude=.git --exclude-dir=build \
		--exclude=check.sh . || true
}

unlisted_tests()
{
	local file name
	grep -l '^TEST_HARNESS_MAIN' selftests/*.c | while read -r file; do
		name=$(basename "$file" .c)
		grep -E '^TEST_GEN_PROGS' selftests/Makefile | grep -qw -- "$name" ||
			echo "$file is not in TEST_GEN_PROGS of selftests/Makefile"
	done
}

library_abi()
{
	make -s --no-print-directory -C userspace check-abi \
		BUILD="$build/userspace" >/dev/null
}

same_abi()
{
	selftests/abi/abi.sh check "$build/userspace/lib/libvcpunuma.so"
}

no_license()
{
	find . \( -name .git -o -path ./build \) -prune -o -type f \
		\( -name '*.[chS]' -o -name '*.sh' -o -name '*.awk' -o -name Makefile \
		-o -name Kbuild \) -print | while read -r file; do
		head -n 3 "$file" | grep -q SPDX-License-Identifier ||
			echo "$file has no SPDX-License-Identifier"
	done
}

# only REGEX FILE...: nothing in kmod/ but FILEs matches REGEX (comments apart).
# docs/architecture.md says why.
only()
{
	local regex=$1 file
	local -a others=()
	shift
	for file in kmod/*.[ch]; do
		[[ " $* " = *" ${file#kmod/} "* ]] || others+=("$file")
	done
	others+=(kmod/core/*.[ch])
	! grep -nHE "$regex" "${others[@]}" | grep -vE '^[^:]*:[0-9]*:[[:space:]]*(/?\*|//)'
}

# The core is pure: it includes its own headers, and only types.h a system's; no
# floating point, no memory of its own, no locks, no time.
core_pure()
{
	grep -nE '^#[[:space:]]*include[[:space:]]*<' kmod/core/*.[ch] |
		grep -v '^kmod/core/types\.h:'
	grep -nE '^#[[:space:]]*include[[:space:]]*"[^"]*/' kmod/core/*.[ch]
	grep -nE '\<(float|double|spinlock_t|jiffies)\>|\<([a-z]*alloc|k?free|mutex_[a-z]+|spin_[a-z]+|ktime_[a-z]+|printk|pr_[a-z]+)\(' \
		kmod/core/*.[ch] | grep -vE '^[^:]*:[0-9]*:[[:space:]]*(/?\*|//)'
	return 0
}

sparse_is_usable ||
	echo "  LEFT OUT  sparse: this kernel wants a newer one than Debian has"

# Two checks read them.
make -s -C selftests/fuzz OUTPUT="$build/fuzz" "$build"/fuzz/{commands,complaints}.h ||
	die "could not generate headers of the fuzzer"
make -s -C selftests OUTPUT="$build/selftests" "$build/selftests/differences.h" ||
	die "could not generate a header of the tests"

check "user space: gcc -fanalyzer" \
	selftests/static/user.sh analyzer "$harness" "$build"
check "user space: clang-tidy" selftests/static/user.sh tidy "$harness" "$build"
check "user space: cppcheck" selftests/static/user.sh cppcheck "$harness" "$build"
check "module without warnings: gcc W=1, sparse, clang W=1" module_builds
check "module: coccinelle" selftests/static/cocci.sh "$ksource/scripts/coccinelle"
check "checkpatch" "$ksource/scripts/checkpatch.pl" --no-tree --strict --quiet \
	--no-summary --terse --show-types --file "${c_files[@]}"
# Macros that are no C to it, laid out as all the kernel lays them out.
check "checkpatch: tracepoints" "$ksource/scripts/checkpatch.pl" --no-tree \
	--strict --quiet --no-summary --terse --show-types \
	--ignore PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE --file kmod/trace.h
check "shellcheck" shellcheck "${scripts[@]}"
check "kernel-doc" "$ksource/scripts/kernel-doc" -none -Werror "${kernel_files[@]}"
check "uapi header alone, C90 to C++17" headers_alone
check "library: header, symbols, C90 to C++17" library_abi
check "ABI of both as recorded, 32 bits as 64, no padding" same_abi
check "codespell" spelling
check "SPDX licence in every file" no_license
check "no path or name of one machine" one_machine
check "all tests in the Makefile" unlisted_tests

check "only compat.h knows kernel versions" \
	only '\<(LINUX_VERSION_CODE|KERNEL_VERSION)\>' compat.h
check "only cmd.c copies commands" \
	only '\<(copy_(from|to|struct_from)_user|[gp]et_user)\(' cmd.c
# Two have threads of their own, of the kernel's.
check "only pin.c touches others' tasks" \
	only '\<(set_cpus_allowed_ptr|[gp]et_task_struct|find_get_pid|get_pid_task)\(' \
	pin.c populate.c pool.c
check "only pages.c and pool.c allocate and free pages" \
	only '\<(__)?(alloc|free)_pages|\<__free_pages\(|\<folio_(alloc|put)\(' \
	pages.c pool.c
check "the core is pure; only its types.h includes a system's headers" core_pure
check "only report.c knows debugfs" \
	only '\<debugfs_[a-z_]+\(' report.c

while [ $running -gt 0 ]; do
	one_ends
done
[ $failed = 0 ] || { echo "$failed checks failed"; exit 1; }
