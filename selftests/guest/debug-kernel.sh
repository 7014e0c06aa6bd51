#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# debug-kernel.sh [-n]: builds the debug kernel from Debian's kernel source and
# debug.config, and prints the directory it is in, which has what kernel.sh's
# have (bzImage, release, lib/modules, headers) and
#
#   cmdline   what this kernel needs on its command line
#   config    its whole configuration
#
# A quarter of an hour on two processors, three minutes with a warm ccache,
# nothing if neither the source package nor debug.config nor this has changed.
#
# -n  do not build; fail without a word if it is not there

set -euo pipefail
# shellcheck source=selftests/guest/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/guest/apt.sh
. "$guest/apt.sh"

package=linux-source-6.1

key=$(cat "$guest/debug.config" "$0" | cksum | cut -d ' ' -f 1)
stamp="$cache/kernel/debug"
if [ -f "$stamp" ] && [ "$(sed -n 2p "$stamp")" = "$key" ] &&
	{ [ "${1-}" = -n ] || [ ! "$stamp" -ot /var/lib/apt/lists ]; } &&
	[ -d "$(sed -n 1p "$stamp")" ]; then
	sed -n 1p "$stamp"
	exit 0
fi
[ "${1-}" != -n ] || exit 1

# Options that depend on others vanish without a word; this is the word.
configure()
{
	local option lost=0
	make tinyconfig && scripts/kconfig/merge_config.sh -m .config "$guest/debug.config" &&
		make olddefconfig || return 1
	while read -r option; do
		case $option in
		*=n) ! grep -q "^${option%=n}=" .config && continue ;;
		*) grep -qxF "$option" .config && continue ;;
		esac
		echo "not in the configuration: $option"
		lost=1
	done < <(grep '^CONFIG_' "$guest/debug.config")
	return $lost
}

compile()
{
	export CCACHE_DIR="$cache/ccache" CCACHE_BASEDIR=$PWD CCACHE_MAXSIZE=500M
	export KBUILD_BUILD_TIMESTAMP=0 KBUILD_BUILD_USER=vcpunuma KBUILD_BUILD_HOST=vcpunuma
	make -j"$(nproc)" CC="ccache gcc" bzImage modules
}

# What outlives the build: 80 MB of 2 GB.
keep()
{
	local dir=$1
	make modules_install INSTALL_MOD_PATH="$dir" || return 1
	rm -f "$dir"/lib/modules/*/build "$dir"/lib/modules/*/source
	cp arch/x86/boot/bzImage "$dir/" && cp .config "$dir/config"
	cp include/config/kernel.release "$dir/release"
	# Interrupt routing by ACPI is a minute of interpreted bytecode here.
	echo pci=noacpi >"$dir/cmdline"
	mkdir "$dir/headers"
	cp -a --parents Makefile .config Module.symvers scripts include \
		arch/x86/include arch/x86/Makefile arch/x86/Makefile_32.cpu \
		tools/objtool/objtool "$dir/headers/"
}

build_in()
{
	local dir=$1
	mkdir -p "$dir/source"
	tar -C "$dir/source" --strip-components=1 -xf \
		"$dir/package/usr/src/$package.tar.xz" &&
		cd "$dir/source" && configure && compile && keep "$dir" || return 1
	cd / && rm -rf "$dir/source" "$dir/package"
}

lock_cache debug
mkdir -p "$cache/kernel"
version=$(apt_field "$package" Version)
final="$cache/kernel/debug_${version}_$key"
if [ ! -d "$final" ]; then
	temporary=$(mktemp -d "$cache/kernel/.new.XXXXXX")
	trap 'rm -rf "$temporary"' EXIT
	logged "fetching the kernel's source ($package $version)" \
		apt_unpack "$temporary/package" "$package" ||
		die "could not fetch $package"
	logged "building the debug kernel (15 minutes on 2 processors)" \
		build_in "$temporary" || die "could not build the debug kernel"
	chmod 755 "$temporary"
	mv "$temporary" "$final"
fi
printf '%s\n%s\n' "$final" "$key" >"$stamp.new"
mv "$stamp.new" "$stamp"
echo "$final"
