#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""bench.py [--quick] [--optimum] VCPUNUMACTL [RULE]...

Runs `vcpunumactl plan` and other managers' rules over generated machines and
traces, and prints a table of the judge's figures. All from fixed seeds.
"""

import argparse
import subprocess
import sys

import baselines
import generate
import others
from judge import Judge, Result
from machine import Machine, Request
from state import State


def run_planner(args, topology, trace):
    text = "\n".join(topology + ["trace"] + trace) + "\n"
    p = subprocess.run(args, input=text, capture_output=True, text=True)
    if p.returncode:
        sys.exit("%s: %s" % (" ".join(args), p.stderr))
    return p.stdout.splitlines()


def cases(opt, tight):
    """(topology, machine, trace, what it is) of each run."""
    if opt.others:
        for topology, load, mix, seed in others.cases(opt.seed, opt.loads):
            machine = Machine(topology)
            if opt.machine in (None, machine.name):
                yield (topology, machine,
                       others.trace(machine, seed, load, tight, opt.arrivals,
                                    mix),
                       "%s %.2f" % (mix, load))
        return
    for i, topology in enumerate(generate.machines(opt.seed)):
        machine = Machine(topology)
        if opt.machine and opt.machine != machine.name:
            continue
        for load in opt.loads:
            for n in range(opt.traces):
                seed = opt.seed * 1000003 + i * 1009 + int(load * 100) * 31 + n
                yield (topology, machine,
                       generate.trace(machine, seed, load, tight,
                                      opt.arrivals),
                       "%.2f seed %d" % (load, seed))


def column(name, opt, tight):
    total = Result()
    planner = {"planner": ["plan"],
               "moving VMs": ["plan", "--may-migrate"],
               "spread": ["plan", "--policy", "spread"]}
    scores = []
    for topology, machine, trace, what in cases(opt, tight):
        if name in planner:
            out = run_planner([opt.vcpunumactl] + planner[name], topology,
                              trace)
        else:
            out = baselines.answers(name, machine, trace, State, Request)
        optimum = opt.optimum if machine.nodes <= 8 else 0
        r = Judge(machine, optimum).run(trace, out)
        for line in r.invalid:
            print("INVALID %s on %s: %s" % (name, machine.name, line))
        scores.append(100 * r.score / r.vcpus)
        if opt.verbose:
            print("  %s %s %s: %.2f" %
                  (name, machine.name, what, scores[-1]), flush=True)
        total.add(r)
    return sum(scores) / len(scores), total


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("vcpunumactl")
    p.add_argument("rules", nargs="*")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--traces", type=int, default=2)
    p.add_argument("--arrivals", type=int, default=400)
    p.add_argument("--loads", type=lambda s: [float(x) for x in s.split(",")],
                   default=[0.75, 0.85, 0.92])
    p.add_argument("--machine")
    p.add_argument("--others", action="store_true",
                   help="machines and traces of others.py")
    p.add_argument("--optimum", type=int, default=0, metavar="NODES",
                   help="compare with the best sets of up to NODES nodes")
    p.add_argument("--verbose", action="store_true")
    opt = p.parse_intermixed_args()
    rules = opt.rules or list(baselines.RULES) + ["planner", "moving VMs",
                                                  "spread"]
    failed = False
    print("%-14s %-5s %7s %9s %9s %9s %8s %7s %9s" %
          ("", "", "score", "vCPUs %", "distance", "of wide", "refused",
           "moves", "GiB"))
    print("%-14s %-5s %7s %9s %9s %9s %8s %7s %9s" %
          ("", "", "", "placed", "/optimum", "/optimum", "wrongly", "/100",
           "/100"))
    for name in rules:
        for tight in (False, True):
            score, r = column(name, opt, tight)
            failed |= bool(r.invalid)
            print("%-14s %-5s %7.2f %9.1f %9s %9s %8s %7.1f %9.1f" %
                  (name, "tight" if tight else "free", score,
                   100 * r.placed / r.vcpus,
                   "%.4f" % (r.distance / r.optimum) if r.optimum and
                   opt.optimum else "-",
                   "%.4f" % (r.wide_distance / r.wide_optimum)
                   if r.wide_optimum else "-",
                   r.refused_wrongly if opt.optimum else "-",
                   100 * r.moves / r.offered,
                   100 * r.moved / 1024 / r.offered), flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
