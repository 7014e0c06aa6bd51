# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Signed downloads of Debian packages that are unpacked, not installed.
# Sourced, never run.
#
# A suite of "-" means whatever the machine's own apt sources offer. Any other
# suite (bookworm-backports, ...) gets an apt of its own inside the cache, so
# that the machine's sources stay as they are.

# shellcheck source=selftests/guest/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

declare -a apt_options=()

apt_update()
{
	if [ ${#apt_options[@]} -eq 0 ]; then
		logged "updating apt's package lists" as_root apt-get -q update
	else
		logged "updating package lists in the cache" \
			apt-get -q "${apt_options[@]}" update
	fi
}

apt_use_suite()
{
	local dir="$cache/apt/$1" mirror
	apt_options=()
	[ "$1" != - ] || return 0

	# The mirror this machine uses for Debian itself.
	# shellcheck disable=SC2016 # apt's own variable
	mirror=$(apt-get indextargets --format '$(SITE)' \
		'Created-By: Packages' 'Origin: Debian' 'Component: main' | sort -u | sed -n 1p)
	[ -n "$mirror" ] || die "apt knows no Debian mirror: run 'make deps'"
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
		"$mirror $1 main" >"$dir/sources.list"
	apt_options=(
		-o "Dir::Etc::SourceList=$dir/sources.list"
		-o "Dir::Etc::SourceParts=/dev/null"
		-o "Dir::State::Lists=$dir/lists"
		-o "Dir::Cache=$dir/cache"
		# Backports are never the candidate unless asked for.
		-o "APT::Default-Release=$1"
	)
	# Never older than the machine's own, unless they cannot be had.
	if [ ! -f "$dir/updated" ] || [ "$dir/updated" -ot /var/lib/apt/lists ]; then
		if apt_update; then
			touch "$dir/updated"
		elif [ ! -f "$dir/updated" ]; then
			die "could not fetch the package lists of Debian's $1"
		fi
	fi
}

# Prints a field of the candidate version of a package.
apt_field()
{
	apt-cache "${apt_options[@]}" --no-all-versions show "$1" 2>/dev/null |
		sed -n "s/^$2: //p"
}

# Prints the packages that PACKAGE depends on and whose names match REGEX.
apt_depends()
{
	apt_field "$1" Depends | tr ',' '\n' | sed 's/^ *//; s/ .*//' |
		grep -E "$2"
}

# apt_unpack DIR PACKAGE...: downloads packages and unpacks them below DIR.
apt_unpack()
{
	local dir=$1 deb
	shift
	mkdir -p "$dir/.debs"
	(cd "$dir/.debs" && apt-get -q "${apt_options[@]}" download "$@") || return 1
	for deb in "$dir/.debs"/*.deb; do
		dpkg -x "$deb" "$dir" || return 1
	done
	rm -r "$dir/.debs"
}
