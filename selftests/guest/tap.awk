# SPDX-License-Identifier: GPL-2.0
#
# Reads the TAP of one test program and prints: PASSED FAILED SKIPPED.
# Variable: status, the program's exit status.
#
# Nothing is believed on the word of one witness: a program that dies, prints no
# results, fewer than it planned, or an exit status that its results do not
# explain, has failed.

/^1\.\.[0-9]+/       { planned = substr($1, 4) + 0; plan = 1 }
/^1\.\.0.*[Ss][Kk][Ii][Pp]/ { all_skipped = 1 }
/^ok( |$)/           { if (/# *[Ss][Kk][Ii][Pp]/) skipped++; else passed++ }
/^not ok( |$)/       { failed++ }
/^Bail out!/         { bailed = 1 }

END {
	results = passed + failed + skipped
	if (all_skipped && !results)
		skipped = 1
	else if (!results)
		failed = 1
	else if (plan && results < planned)
		failed += planned - results
	if (!failed && (bailed || (status != 0 && !(status == 4 && skipped))))
		failed = 1
	print passed + 0, failed + 0, skipped + 0
}
