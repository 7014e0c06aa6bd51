#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# cocci.sh DIRECTORY: the kernel's coccinelle scripts below DIRECTORY, those that
# can report, on the module. Prints what they find. The uAPI header has no code,
# and the script that looks at declarations leaves such headers out.

set -euo pipefail
cd "$(dirname "$0")/../.."
scripts=${1:?usage: cocci.sh DIRECTORY}
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT

# Prints the options that a script asks for.
options()
{
	sed -n 's,^// *Options: *,,p' "$1" | tr -s ' ' '\n' | sed '/^$/d'
}

# One directory: of several, spatch ignores all but the last.
report()
{
	local -a wanted
	mapfile -t wanted < <(options "$1")
	spatch -D report --very-quiet "${wanted[@]}" --cocci-file "$1" \
		-I uapi -I kmod -I kmod/core --dir kmod 2>"$errors" ||
		{ echo "$1: spatch failed"; cat "$errors"; exit 1; }
}

# Two of them are in OCaml, for which Debian's coccinelle lacks a compiler: of a
# battery charger, and of 0 in the place of NULL, which sparse reports.
grep -rlZ --include='*.cocci' '^virtual report' "$scripts" |
	xargs -0 grep -L 'script:ocaml' | sort | while read -r script; do
	report "$script"
done
