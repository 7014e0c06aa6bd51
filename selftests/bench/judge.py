#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""judge.py TOPOLOGY TRACE [ANSWERS]: checks and scores the answers of a planner.

Reads what any planner printed (standard input without ANSWERS). Exit status 1
if an answer is invalid. With --optimum the distance of each VM is compared with
the best place by search, and refusals with whether there was any: slow.
"""

import sys

import fit
from machine import Machine, Place, Request, eff, measure
from state import Invalid, State


class Result:
    def __init__(self):
        self.offered = self.accepted = self.vcpus = self.placed = 0
        self.score = 0.0
        self.distance = self.optimum = 0.0
        self.wide_distance = self.wide_optimum = 0.0
        self.refused_wrongly = 0
        self.moves = self.moved = 0
        self.llcs = self.llcs_needed = 0
        self.invalid = []

    def add(self, other):
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


class Judge:
    def __init__(self, machine, optimum=0):
        self.m = machine
        self.state = State(machine)
        self.r = Result()
        self.optimum = optimum

    def moves(self, words, budget=None):
        req = self.state.vms[words[1]][0]
        place = Place.parse(words[2], words[4])
        moved = self.state.move(words[1], place)
        self.r.moves += 1
        self.r.moved += moved
        return moved

    def arrive(self, req, lines):
        r = self.r
        r.offered += 1
        r.vcpus += req.vcpus
        while lines[0][0] == "move":
            self.moves(lines.pop(0))
        words = lines.pop(0)
        if words[1] != req.id or words[0] not in ("place", "reject"):
            raise Invalid("answer to another VM: " + " ".join(words[:2]))
        best = None
        if self.optimum:
            best = fit.best(req, self.state, self.optimum,
                            key=lambda d, s: d)
        if words[0] == "reject":
            r.refused_wrongly += best is not None
            return
        place = Place.parse(words[2], words[4])
        self.state.book(req, place)
        dist, spread = measure(self.m, req,
                               place.nodes_of_vcpus(self.m), place.mem)
        r.accepted += 1
        r.placed += req.vcpus
        r.score += req.vcpus * 10 / eff(dist, spread)
        if best:
            r.distance += req.vcpus * dist
            r.optimum += req.vcpus * best[1]
            nodes = set(place.nodes_of_vcpus(self.m)).union(*place.mem)
            if len(nodes) > 1:
                r.wide_distance += req.vcpus * dist
                r.wide_optimum += req.vcpus * best[1]

    def rebalance(self, budget, lines):
        while lines[0][0] == "move":
            budget -= self.moves(lines.pop(0))
            if budget < 0:
                raise Invalid("rebalance moved too much")
        if lines.pop(0)[0] != "done":
            raise Invalid("rebalance without done")

    def event(self, words, lines):
        if words[0] == "arrive":
            self.arrive(Request(words), lines)
        elif words[0] == "depart":
            if words[1] in self.state.vms:
                self.state.release(words[1])
        elif words[0] == "rebalance":
            self.rebalance(int(words[1]), lines)

    def run(self, trace, answers):
        lines = [a.split() for a in answers if a.strip()]
        for event in trace:
            words = event.split("#")[0].split()
            if not words or words == ["trace"]:
                continue
            try:
                self.event(words, lines)
            except (Invalid, IndexError, ValueError, KeyError) as e:
                self.r.invalid.append("%s: %s" % (event.strip(), e))
                break
        return self.r


def main():
    args = [a for a in sys.argv[1:] if not a.startswith("--")]
    with open(args[0]) as f:
        machine = Machine(f)
    with open(args[1]) as f:
        trace = f.readlines()
    answers = open(args[2]).readlines() if len(args) > 2 else \
        sys.stdin.readlines()
    r = Judge(machine, 3 if "--optimum" in sys.argv else 0).run(trace, answers)
    for line in r.invalid:
        print("INVALID", line)
    print("placed %d of %d, vCPUs %.1f %%, score %.2f, moves %d of %d MiB" %
          (r.accepted, r.offered, 100 * r.placed / max(r.vcpus, 1),
           100 * r.score / max(r.vcpus, 1), r.moves, r.moved))
    if r.optimum:
        print("memory distance / optimum %.4f, over several nodes %.4f, "
              "refused wrongly %d" %
              (r.distance / r.optimum,
               r.wide_distance / r.wide_optimum if r.wide_optimum else 1,
               r.refused_wrongly))
    sys.exit(bool(r.invalid))


if __name__ == "__main__":
    main()
