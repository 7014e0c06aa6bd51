#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# toolchain.sh [-n] SUITE [PACKAGE...]: unpacks what building a module takes (a
# compiler, make, and what kbuild calls) and PACKAGEs from another Debian release
# into the cache, and prints the directory it is in; the file "suite" there says
# which release. Nothing is installed on the machine, and nothing of it runs until
# "DIRECTORY/run COMMAND": see toolchain-run.
#
# For kernels whose headers come with programs that this machine's C library is
# too old for, or ask for a newer compiler than it has.
#
# -n  do not fetch; fail without a word if it is not there

set -euo pipefail
# shellcheck source=selftests/guest/apt.sh
. "$(dirname "$0")/apt.sh"

packages=(
	# what kbuild calls; bash and coreutils since they run in place of ours
	bash coreutils dash diffutils dpkg findutils grep gzip kmod mawk pahole perl
	sed xz-utils
	binutils gcc-14 make
	# of the programs in the headers
	libelf1t64 libssl3t64 zlib1g
	# for make check
	sparse
)

fetching=yes
[ "${1-}" != -n ] || { fetching=no; shift; }
suite=${1:?usage: toolchain.sh [-n] SUITE [PACKAGE...]}
shift
packages+=("$@")
key=$(cat "$0" "$guest/toolchain-run" | cksum | cut -d ' ' -f 1)
final="$cache/toolchain/$(IFS=_; echo "$suite${*:+_$*}_$key")"

if [ -d "$final" ]; then
	echo "$final"
	exit 0
fi
[ $fetching = yes ] || exit 1

fetch()
{
	local dir=$1 root=$1/root
	# With an empty list of installed packages, apt names all that are needed.
	: >"$dir/status"
	apt_options+=(-o "Dir::State::status=$dir/status")
	mapfile -t packages < <(apt-get -q "${apt_options[@]}" -s \
		--no-install-recommends install "${packages[@]}" |
		sed -n 's/^Inst \([^ ]*\) .*/\1/p')
	[ ${#packages[@]} -gt 0 ] || return 1
	apt_unpack "$root" "${packages[@]}" || return 1
	# What installing would have done.
	ln -sf mawk "$root/usr/bin/awk"
	# Of the machine's /usr these stay in place.
	mkdir -p "$root/usr/local" "$root/usr/src"
	rm -rf "$root/usr/share/"{doc,man,locale}
	cp "$guest/toolchain-run" "$dir/run"
	echo "$suite" >"$dir/suite"
	"$dir/run" gcc-14 --version
}

lock_cache toolchain
if [ ! -d "$final" ]; then
	mkdir -p "$cache/toolchain"
	apt_use_suite "$suite"
	temporary=$(mktemp -d "$cache/toolchain/.new.XXXXXX")
	trap 'rm -rf "$temporary"' EXIT
	logged "fetching ${*:-a compiler} from Debian's $suite" fetch "$temporary" ||
		die "could not fetch the compiler of Debian's $suite"
	chmod 755 "$temporary"
	mv "$temporary" "$final"
fi
echo "$final"
