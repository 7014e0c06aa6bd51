# SPDX-License-Identifier: GPL-2.0
"""Machines and traces unlike those of generate.py, to check what was found there.

Sizes of machines vary with the seed. VMs are small ones as in clouds, or sized by
the node: half of it to two, with much of its memory. Some live much longer than
others, and the one whose time comes first leaves.
"""

import random

from generate import build, fewest

GIB = 1024

CLOUD = ((1, .2), (2, .4), (4, .22), (8, .11), (12, .012), (16, .03),
         (24, .015), (32, .008), (64, .003))
MIXES = ("cloud", "wide")


def machines(seed):
    rng = random.Random(seed * 7 + 1)
    pick = rng.choice
    out = []

    def add(name, *args, **more):
        out.append(build(name, *args, rng=rng, **more))

    add("2s", 2, 1, pick([64, 80, 104, 128]), 2,
        pick([384, 512, 640, 768]) * GIB, 0)
    add("2s-nosmt", 2, 1, pick([24, 32, 64]), 1, pick([128, 192, 256]) * GIB,
        0)
    add("2s-snc2", 2, 2, pick([32, 48, 56]), 2, pick([192, 256]) * GIB, 0)
    add("2s-nps4", 2, 4, pick([16, 32, 48]), 2, pick([96, 192, 224]) * GIB,
        pick([8, 16]), near=32, far=32)
    add("1s-nps4", 1, 4, pick([16, 32, 48]), 2, pick([64, 128, 192]) * GIB, 8)
    add("4s", 4, 1, pick([36, 48, 56]), 2, pick([256, 384]) * GIB, 0, near=20,
        far=20)
    add("4s-uneven", 4, 1, pick([32, 48]), 1, pick([192, 256]) * GIB, 0,
        near=20, far=22, uneven=(0.4, 0.6, 0.8, 1, 1.3))
    add("8s", 8, 1, pick([32, 48]), 2, pick([256, 320]) * GIB, 0, near=21,
        far=31)
    add("8s-nosmt", 8, 1, pick([16, 24]), 1, pick([96, 128]) * GIB, 0, near=16,
        far=22)
    add("2s-cxl", 2, 1, pick([64, 104]), 2, pick([256, 384]) * GIB, 0,
        extra=((0, pick([128, 256]) * GIB, 14),
               (1, pick([256, 384]) * GIB, 14)))
    add("4s-memless", 4, 1, pick([32, 48]), 2, pick([256, 384]) * GIB, 0,
        near=20, far=20, uneven=(0, 0.7, 1, 1))
    add("16n", 8, 2, pick([24, 32]), 2, pick([96, 128]) * GIB, 0, near=22,
        far=32)
    add("32n", 8, 4, 16, 2, pick([64, 96]) * GIB, 8, near=22, far=32)
    return out


def cloud_size(machine, rng):
    most = 2 * max(len(c) for c in machine.cpus.values())
    mix = [(v, w) for v, w in CLOUD if v <= most]
    v = rng.choices([v for v, _ in mix], [w for _, w in mix])[0]
    return v, v * rng.choices((1024, 2048, 4096, 8192), (69, 144, 262, 125))[0]


def wide_size(machine, rng):
    cpus = max(len(c) for c in machine.cpus.values())
    if rng.random() < .77:
        v = rng.choices((1, 2, 4, 8), (173, 44, 27, 22))[0]
        return v, v * rng.choices((1024, 2048, 4096), (41, 184, 34))[0]
    part = rng.choices((.5, .75, 1, 1.25, 1.5, 2), (28, 5, 22, 8, 10, 8))[0]
    v = max(int(cpus * part), 1)
    each = sum(machine.mem.values()) / max(len(machine.node_of), 1)
    share = rng.choices((.4, .7, .9), (34, 28, 23))[0]
    return v, max(int(v * each * share) // 512 * 512, 512)


def request(machine, rng, size, tight):
    """vCPUs, MiB, virtual nodes, policy, options."""
    policy = rng.choices(("shared", "prefer", "isolate", "require"),
                         (55, 26, 10, 10))[0]
    v, mem = size(machine, rng)
    if policy == "require" and v % machine.smt:
        v += 1
        mem = mem // (v - 1) * v
    span = fewest(machine, v, mem, policy)
    if span is None:
        v, mem, policy, span = 2, 4096, "shared", 1
    k, opts = 0, []
    if v >= 8 and rng.random() < .35:
        k = 2
        if rng.random() < .45 and machine.nodes > 1 and \
                fewest(machine, (v + 1) // 2, (mem + 1) // 2, policy) == 1:
            opts.append("strict")
            span = max(span, 2)
    if tight:
        opts.append("span=%d" % span)
    if rng.random() < .07:
        opts.append("dev=" + rng.choice(sorted(machine.device)))
    return v, mem, k, policy, opts


def trace(machine, seed, load, tight, arrivals, mix):
    """Arrivals and departures that offer `load` of the machine."""
    rng = random.Random(seed)
    cpus, total = len(machine.node_of), sum(machine.mem.values())
    cost = {"shared": 100 / machine.overcommit, "prefer": 1,
            "isolate": machine.smt, "require": 1}
    size = {"cloud": cloud_size, "wide": wide_size}[mix]
    reqs = [request(machine, rng, size, tight) for _ in range(arrivals)]
    used_cpu = used_mem = 0
    live, out = [], []
    for i, (v, mem, k, policy, opts) in enumerate(reqs):
        share = v * cost[policy] / cpus
        while live and (used_cpu + share > load or
                        used_mem + mem / total > load):
            live.sort()
            _, gone = live.pop(0)
            used_cpu -= reqs[gone][0] * cost[reqs[gone][3]] / cpus
            used_mem -= reqs[gone][1] / total
            out.append("depart v%d" % gone)
        out.append(" ".join(["arrive v%d %d %d %d %s" % (i, v, mem, k, policy)]
                            + opts))
        live.append((i + rng.lognormvariate(0, 1.5 if mix == "wide" else 1.2)
                     * 60, i))
        used_cpu += share
        used_mem += mem / total
    return out


def cases(seed, loads):
    """(topology, load, mix, seed of the trace) of each run."""
    for i, topology in enumerate(machines(seed)):
        for mix in MIXES:
            for load in loads:
                yield (topology, load, mix, seed * 1000003 + i * 1009 +
                       int(load * 100) * 31 + (mix == "wide"))
