#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# deps.sh [VERSION [GOAL...]]: makes sure that everything to build and test is
# here: a few Debian packages, installed, more of them for some of make's GOALs;
# a kernel and parts of its source, unpacked in the cache. Needs root (or sudo)
# only when a package is missing.

set -euo pipefail
# shellcheck source=selftests/guest/apt.sh
. "$(dirname "$0")/apt.sh"

packages=(
	# to build the module, the library, the tools and the tests
	binutils gcc libc6-dev libelf1 libjson-c-dev libssl3 make perl pkg-config
	xz-utils
	# to boot a guest
	busybox-static kmod qemu-system-x86
	# for make coverage and checkpatch
	python3
)
# What only make check and the like need: the other goals do without compilers
# of hundreds of megabytes.
for goal in "${@:2}"; do
	case $goal in
	abi) packages+=(abigail-tools) ;;
	bench) packages+=(libnuma-dev valgrind) ;;
	check) packages+=(abigail-tools clang-tidy coccinelle codespell cppcheck
		g++ shellcheck sparse) ;;
	module-clang) packages+=(clang) ;;
	esac
done
case ${1-} in
# to build the debug kernel
debug) packages+=(bc bison ccache flex libelf-dev libssl-dev lz4) ;;
# to unpack the kernel; to build with the programs of another release
6.12) packages+=(zstd) ;;
7.3) packages+=(mount util-linux zstd) ;;
esac

# Prints those of its arguments that are not installed.
not_installed()
{
	printf '%s\n' "$@" | sort | comm -23 - <(dpkg-query -W \
		-f '${binary:Package} ${db:Status-Status}\n' "$@" 2>/dev/null |
		sed -n 's/\(:.*\)\? installed$//p' | sort)
}

has_candidate()
{
	[ -n "$(apt_field "$1" Version)" ]
}

install()
{
	export DEBIAN_FRONTEND=noninteractive
	as_root apt-get -q -y --no-install-recommends install "$@"
}

command -v apt-get >/dev/null ||
	die "this machine has no apt; by hand: ${packages[*]}, then see selftests/guest"

mapfile -t missing < <(not_installed "${packages[@]}")

if [ ${#missing[@]} -gt 0 ]; then
	[ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
		die "packages are missing, and there is no sudo to install them; as root, run:" \
			"apt-get update && apt-get install ${missing[*]}"
	for package in "${missing[@]}"; do
		has_candidate "$package" || { apt_update || true; break; }
	done
	for package in "${missing[@]}"; do
		has_candidate "$package" ||
			die "apt offers no package $package; its sources should name Debian's main"
	done
	# Lists that are there may be too old: once more with new ones.
	say "installing ${missing[*]}"
	install "${missing[@]}" >/dev/null 2>&1 ||
		{ apt_update && logged "installing once more" install "${missing[@]}"; } ||
		die "could not install ${missing[*]}"
fi

"$guest/ksource.sh" >/dev/null
"$guest/emulator.sh" >/dev/null
"$guest/kernel.sh" "${1:-6.1}" >/dev/null
