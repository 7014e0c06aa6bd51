#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# kernel.sh [-n] VERSION: fetches a Debian kernel into the cache and prints the
# directory it is in. Nothing is installed on the machine. VERSION "debug" is
# built from source instead: see debug-kernel.sh.
#
#   vmlinux               the kernel, bootable through its PVH entry: skipping
#                         decompression saves half of the boot under emulation
#   release               what uname -r will say
#   lib/modules/RELEASE   its modules, with depmod run
#   headers               to build modules against, usable as KDIR
#   headers/toolchain     if the headers need another compiler than this
#                         machine's: "headers/toolchain/run make ..."
#
# -n  do not fetch; fail without a word if it is not there

set -euo pipefail
# shellcheck source=selftests/guest/apt.sh
. "$(dirname "$0")/apt.sh"

# version, suite, package of the image, package of the headers, and the suite
# whose compiler the headers need
table='
6.1   -                   linux-image-amd64  linux-headers-amd64  -
6.12  bookworm-backports  linux-image-amd64  linux-headers-amd64  -
7.3   trixie-backports    linux-image-amd64  linux-headers-amd64  trixie
'

# The image carries the kernel compressed; the kernel's own script takes it out.
unpack_vmlinux()
{
	local image
	# Newer packages have it among the modules.
	image=$(ls "$1"/boot/vmlinuz-* "$1"/lib/modules/*/vmlinuz 2>/dev/null)
	"$("$guest/ksource.sh")/scripts/extract-vmlinux" "$image" >"$1/vmlinux" &&
		[ -s "$1/vmlinux" ]
}

# The header packages expect to be at /usr: turn that into where they will be.
relocate_headers()
{
	local dir=$1 final=$2 release=$3
	local headers="$dir/usr/src/linux-headers-$release"
	sed -i "s,\([ =]\)/usr/,\1$final/usr/,g" "$headers/Makefile"
	ln -s "usr/src/linux-headers-$release" "$dir/headers"
}

fetch()
{
	local dir=$1 final=$2 image=$3 headers=$4 release=$5
	local -a packages
	# Newer packages are split into kernel and modules.
	mapfile -t packages < <(echo "$image"; echo "$headers"
		apt_depends "$image" '^linux-(binary|modules|base)-[0-9]' || true
		apt_depends "$headers" '^linux-(headers|kbuild)-')

	apt_unpack "$dir" "${packages[@]}" || return 1
	# Newer packages keep modules below /usr.
	if [ -d "$dir/usr/lib/modules" ]; then
		mkdir -p "$dir/lib"
		mv "$dir/usr/lib/modules" "$dir/lib/"
	fi
	echo "$release" >"$dir/release"
	unpack_vmlinux "$dir" || return 1
	relocate_headers "$dir" "$final" "$release"
	PATH=$PATH:/usr/sbin depmod -b "$dir" "$release"
}

# Prints the packages of image and headers that are current, and their version.
candidate()
{
	local image headers
	image=$(apt_depends "$1" "^linux-image-${version}[.].*-amd64\$") || return 1
	headers=$(apt_depends "$2" "^linux-headers-${version}[.].*-amd64\$") || return 1
	echo "$image $headers $(apt_field "$1" Version)"
}

# Each time, for the toolchain is fetched again when its packages change.
link_toolchain()
{
	local toolchain
	[ "$compiler" != - ] || return 0
	toolchain=$("$guest/toolchain.sh" "$compiler")
	[ "$1/headers/toolchain" -ef "$toolchain" ] ||
		ln -sfn "$toolchain" "$1/headers/toolchain"
}

fetching=yes
[ "${1-}" != -n ] || { fetching=no; shift; }
version=${1:?usage: kernel.sh [-n] VERSION}
case $version:$fetching in
debug:yes) exec "$guest/debug-kernel.sh" ;;
debug:no) exec "$guest/debug-kernel.sh" -n ;;
esac
read -r suite image_meta headers_meta compiler < <(awk -v v="$version" \
	'$1 == v { print $2, $3, $4, $5 }' <<<"$table") ||
	die "no kernel $version in the table of selftests/guest/kernel.sh"

# The answer of the last time holds until apt learns of newer packages.
stamp="$cache/kernel/$version"
if [ -f "$stamp" ] && { [ $fetching = no ] ||
	[ ! "$stamp" -ot /var/lib/apt/lists ]; } && [ -d "$(cat "$stamp")" ]; then
	final=$(cat "$stamp")
	[ $fetching = no ] || link_toolchain "$final"
	echo "$final"
	exit 0
fi
[ $fetching = yes ] || exit 1

# Takes the same lock, so it comes before ours.
"$guest/ksource.sh" >/dev/null
lock_cache apt
apt_use_suite "$suite"
found=$(candidate "$image_meta" "$headers_meta") || {
	apt_update
	found=$(candidate "$image_meta" "$headers_meta") ||
		die "apt offers no kernel $version ($image_meta); its sources should name Debian's main"
}
read -r image headers package_version <<<"$found"
release=${image#linux-image-}
final="$cache/kernel/${release}_$package_version"

if [ ! -d "$final" ]; then
	mkdir -p "$cache/kernel"
	temporary=$(mktemp -d "$cache/kernel/.new.XXXXXX")
	trap 'rm -rf "$temporary"' EXIT
	logged "fetching kernel $release ($package_version)" \
		fetch "$temporary" "$final" "$image" "$headers" "$release" ||
		die "could not fetch kernel $version; if the package lists are old: apt-get update"
	chmod 755 "$temporary"
	mv "$temporary" "$final"
fi
link_toolchain "$final"
echo "$final" >"$stamp.new"
mv "$stamp.new" "$stamp"
cat "$stamp"
