#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# check.sh KDIR: what "make check" does: looks for mistakes without running
# anything. One line per check; the output of those that fail. Goes on after a
# failure.

set -uo pipefail
# shellcheck source=selftests/guest/lib.sh
. "$(dirname "$0")/guest/lib.sh"
cd "$tree" || exit 1

kdir=${1:?usage: check.sh KDIR}
ksource=$("$guest/ksource.sh")
failed=0

mapfile -t c_files < <(find kmod uapi selftests -name '*.[ch]' | sort)
mapfile -t kernel_files < <(find kmod uapi -name '*.[ch]' | sort)
mapfile -t scripts < <(grep -rIlE '^#!/bin/(ba|busybox )?sh|shellcheck shell=' \
	--exclude-dir=.git --exclude-dir=build . | sort)

# check TITLE COMMAND...: passes if the command succeeds and prints nothing.
check()
{
	local title=$1 output status=0
	shift
	output=$("$@" 2>&1) || status=$?
	if [ $status = 0 ] && [ -z "$output" ]; then
		printf '  ok      %s\n' "$title"
	else
		printf '  FAILED  %s\n' "$title"
		printf '%s\n' "$output" | sed 's/^/          /'
		failed=$((failed + 1))
	fi
}

# All gcc's, sparse's and modpost's warnings go to stderr.
module_build()
{
	make -s --no-print-directory module-check KDIR="$kdir" >/dev/null
}

header_alone()
{
	gcc -x c -std=c90 -Wall -Wextra -Werror -fsyntax-only -isystem uapi -I uapi \
		uapi/linux/vcpunuma.h
}

library_abi()
{
	make -s --no-print-directory -C userspace check-abi \
		BUILD="$build/userspace" >/dev/null
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

check "module without warnings (W=1), sparse" module_build
check "uapi header alone, as C90" header_alone
check "checkpatch" "$ksource/scripts/checkpatch.pl" --no-tree --strict --quiet \
	--no-summary --terse --show-types --file "${c_files[@]}"
check "kernel-doc" "$ksource/scripts/kernel-doc" -none -Werror "${kernel_files[@]}"
check "shellcheck" shellcheck "${scripts[@]}"
check "library: header, symbols, C90 to C++17" library_abi
check "SPDX licence in every file" no_license

check "only compat.h knows kernel versions" \
	only '\<(LINUX_VERSION_CODE|KERNEL_VERSION)\>' compat.h
check "only cmd.c copies commands" \
	only '\<(copy_(from|to|struct_from)_user|[gp]et_user)\(' cmd.c
check "only pin.c touches tasks" \
	only '\<(set_cpus_allowed_ptr|[gp]et_task_struct|find_get_pid|get_pid_task)\(' pin.c
check "only mem.c allocates and frees pages" \
	only '\<(__)?(alloc|free)_pages|\<__free_pages\(|\<folio_(alloc|put)\(' mem.c
check "the core is pure; only its types.h includes a system's headers" core_pure
check "only report.c knows debugfs" \
	only '\<debugfs_[a-z_]+\(' report.c

[ $failed = 0 ] || { echo "$failed checks failed"; exit 1; }
