# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the scripts that run on the host share: where things are, how to say
# what is going on, how to become root for apt. Sourced, never run.

guest=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
tree=$(realpath "$guest/../..")

# shellcheck disable=SC2034 # used by the scripts that source this one
build=${BUILD:-$tree/build}
cache=${VCPUNUMA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vcpunuma}

# To stderr, since several of the scripts answer on stdout.
say()
{
	printf '  %s\n' "$*" >&2
}

die()
{
	printf 'vcpunuma: %s\n' "$*" >&2
	exit 1
}

# logged TITLE COMMAND...: one line for the user, the command's output only if
# it fails.
logged()
{
	local log title=$1
	shift
	say "$title"
	log=$(mktemp)
	if "$@" >"$log" 2>&1 </dev/null; then
		rm -f "$log"
		return 0
	fi
	tail -n 40 "$log" >&2
	rm -f "$log"
	return 1
}

as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo --preserve-env=DEBIAN_FRONTEND "$@"
	fi
}

# One at a time: two runs may start side by side on an empty cache. What takes
# long has a lock of its own: lock_cache NAME.
lock_cache()
{
	mkdir -p "$cache"
	exec 9>"$cache/lock.$1"
	flock 9
}
