#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# cocci.sh DIRECTORY: the kernel's coccinelle scripts below DIRECTORY, those that
# can report, on the module and its interface. Prints what they find.

set -euo pipefail
cd "$(dirname "$0")/../.."
scripts=${1:?usage: cocci.sh DIRECTORY}
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT

# Two of them are in OCaml, for which Debian's coccinelle lacks a compiler: of a
# battery charger, and of 0 in the place of NULL, which sparse reports.
grep -rlZ --include='*.cocci' '^virtual report' "$scripts" |
	xargs -0 grep -L 'script:ocaml' | sort | while read -r script; do
	mapfile -t options < <(sed -n 's,^// *Options: *,,p' "$script" |
		tr -s ' ' '\n' | sed '/^$/d')
	spatch -D report --very-quiet "${options[@]}" --cocci-file "$script" \
		-I uapi kmod uapi 2>"$errors" ||
		{ echo "$script: spatch failed"; cat "$errors"; exit 1; }
done
