#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Sum up what gcov counted in several guests.

usage: coverage.py TREE MISSED HOST GUEST...

HOST and GUEST are directories with .gcda and .gcno files: of the tests of
kmod/core on this machine, and of guests. The compiler makes branches as it sees
fit, so those of kmod/core are counted on this machine alone. Prints a table of
the files of kmod/, and each missed line with the reason that MISSED gives for
its function: lines of FILE, FUNCTION and the reason. Exit status 1: a line was
missed without a reason, or fewer than 95 % of all were reached.
"""
import collections
import glob
import json
import os
import subprocess
import sys

DEMANDED = 95.0


class Line:
    """Counts of one line, over all guests."""

    def __init__(self):
        self.count = 0
        self.functions = set()
        self.branches = collections.Counter()


def source_name(name):
    """kmod/x.c of whatever path the compiler was given, or None."""
    parts = name.split("/")
    if "kmod" not in parts:
        return None
    return "/".join(parts[len(parts) - parts[::-1].index("kmod") - 1:])


def run_gcov(directory, names):
    output = subprocess.run(
        ["gcov", "--json-format", "--branch-probabilities", "--stdout"] + names,
        cwd=directory, check=True, stdout=subprocess.PIPE).stdout
    return [json.loads(text) for text in output.splitlines()]


def read_counts(directory, files, count_core_branches):
    names = sorted(os.path.basename(n)
                   for n in glob.glob(os.path.join(directory, "*.gcda")))
    if not names:
        sys.exit("coverage.py: no counts in " + directory)
    for report in run_gcov(directory, names):
        for file in report["files"]:
            name = source_name(file["file"])
            if name is None:
                continue
            core = name.startswith("kmod/core/")
            for entry in file["lines"]:
                line = files[name][entry["line_number"]]
                line.count += entry["count"]
                line.functions.add(entry.get("function_name", ""))
                if core != count_core_branches:
                    continue
                for i, branch in enumerate(entry["branches"]):
                    line.branches[i] += branch["count"]


def read_reasons(path):
    reasons = {}
    with open(path) as file:
        for text in file:
            if text.strip() and not text.startswith("#"):
                name, function, reason = text.split(None, 2)
                reasons[name, function] = reason.strip()
    return reasons


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def print_table(files):
    total = [0] * 4
    print("\n  %-20s %15s %7s %17s" % ("file", "lines", "%", "branches"))
    for name in sorted(files):
        lines = files[name].values()
        branches = [c for line in lines for c in line.branches.values()]
        row = [sum(1 for line in lines if line.count), len(lines),
               sum(1 for c in branches if c), len(branches)]
        total = [a + b for a, b in zip(total, row)]
        print_row(name, row)
    print_row("all", total)
    return percent(total[0], total[1])


def print_row(name, row):
    print("  %-20s %7d/%-7d %6.1f%% %7d/%-7d %5.1f%%" % (
        name, row[0], row[1], percent(row[0], row[1]), row[2], row[3],
        percent(row[2], row[3])))


def print_missed(tree, files, reasons):
    """Returns how many missed lines have no reason."""
    unexplained = 0
    used = set()
    for name in sorted(files):
        with open(os.path.join(tree, name)) as file:
            text = file.read().splitlines()
        for number in sorted(files[name]):
            line = files[name][number]
            if line.count:
                continue
            reason = None
            for function in line.functions:
                if (name, function) in reasons:
                    used.add((name, function))
                    reason = reasons[name, function]
            unexplained += reason is None
            print("  %s:%d: %s\n      %s: %s" % (
                name, number, text[number - 1].strip(),
                "/".join(sorted(line.functions)), reason or "NO REASON"))
    for name, function in sorted(set(reasons) - used):
        print("  %s: %s is reached now: its reason can go" % (name, function))
    return unexplained


def main():
    files = collections.defaultdict(lambda: collections.defaultdict(Line))
    for directory in sys.argv[3:]:
        read_counts(directory, files, directory == sys.argv[3])
    print("\nLines that no test reached:")
    unexplained = print_missed(sys.argv[1], files, read_reasons(sys.argv[2]))
    reached = print_table(files)
    print("\n%.1f %% of lines reached, %d missed without a reason" % (
        reached, unexplained))
    sys.exit(reached < DEMANDED or unexplained > 0)


main()
