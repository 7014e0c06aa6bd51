# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Results of tests that are scripts, as TAP. To be sourced.
#
# shellcheck disable=SC2034 # failed: the exit status of who sources this

tests=0
failed=0

# result STATUS TITLE
result()
{
	tests=$((tests + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tests $2"
	else
		echo "not ok $tests $2"
		failed=1
	fi
}
