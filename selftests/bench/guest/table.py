#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""table.py RESULTS: a table of the lines of JSON that benches write."""

import json
import sys


def number(value):
    return "%.0f" % value if abs(value) >= 100 else "%.2f" % value


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        results = [json.loads(line) for line in f]
    head = None
    for r in results:
        if r["bench"] != head:
            head = r["bench"]
            print("\n  %s" % head)
        print("    %-24s %-34s %12s %s" % (r["what"], r["who"],
                                         number(r["value"]), r["unit"]))


if __name__ == "__main__":
    main()
