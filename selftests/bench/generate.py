# SPDX-License-Identifier: GPL-2.0
"""Machines and traces, from a seed.

Machines have the shapes of real ones: sockets cut into nodes (SNC, NPS),
several hops, CXL memory, nodes without memory, uneven memory, LLCs over nodes.
Traces have the size mix of clouds: most VMs small, a few as wide as a node or
wider; departures keep the machine about as full as wanted.
"""

import random


def ring(sockets, near, far):
    """Distances of sockets in two groups, or fully connected if few."""
    rows = []
    for i in range(sockets):
        rows.append([10 if i == j else near if bin(i ^ j).count("1") == 1 or
                     sockets <= 4 and far == near else far
                     for j in range(sockets)])
    return rows


def build(name, sockets, per_socket, cpus, smt, mem, llc, near=21, far=31,
          inner=12, extra=(), uneven=None, rng=None):
    """`cpus` and `mem` (MiB) of a node; `llc`: CPUs of an LLC, 0: a socket's.

    extra: (node, MiB, distance) of memory-only nodes.
    """
    nodes = sockets * per_socket
    total = nodes + len(extra)
    socket = ring(sockets, near, far)
    dist = [[10] * total for _ in range(total)]
    for i in range(nodes):
        for j in range(nodes):
            if i != j:
                a, b = i // per_socket, j // per_socket
                dist[i][j] = inner if a == b else socket[a][b]
    for x, (home, _, d) in enumerate(extra):
        for j in range(total):
            if j != nodes + x:
                there = d if j == home else d + 10 if j < nodes else d + 12
                dist[j][nodes + x] = dist[nodes + x][j] = there
    out = ["topology " + name, "nodes %d" % total, "overcommit 400"]
    for i in range(nodes):
        m = mem if not uneven else int(mem * rng.choice(uneven))
        out.append("node %d mem %d" % (i, m))
    for x, (_, m, _) in enumerate(extra):
        out.append("node %d mem %d" % (nodes + x, m))
    for i in range(total):
        out.append("dist %d %s" % (i, " ".join(map(str, dist[i]))))
    out.append("device nic0 node 0")
    out.append("device gpu0 node %d" % (nodes - 1))
    cpu = 0
    for n in range(nodes):
        for c in range(cpus):
            core = cpu // smt
            cache = cpu // llc if llc else n // per_socket
            out.append("cpu %d node %d socket %d llc %d core %d" %
                       (cpu, n, n // per_socket, cache, core))
            cpu += 1
    return out


def machines(seed):
    rng = random.Random(seed)
    gib = 1024
    return [
        build("2s", 2, 1, 104, 2, 512 * gib, 0),
        build("2s-snc2", 2, 2, 56, 2, 256 * gib, 0),
        build("2s-snc4", 2, 4, 28, 2, 128 * gib, 0),
        build("2s-nps4", 2, 4, 32, 2, 192 * gib, 16, near=32, far=32),
        build("1s-nps4", 1, 4, 48, 2, 96 * gib, 16),
        build("4s", 4, 1, 48, 2, 384 * gib, 0, near=20, far=20),
        build("4s-uneven", 4, 1, 32, 1, 256 * gib, 0, near=20, far=22,
              uneven=(0.4, 0.7, 1, 1.3), rng=rng),
        build("8s", 8, 1, 48, 2, 320 * gib, 0, near=21, far=31),
        build("8s-noht", 8, 1, 24, 1, 128 * gib, 0, near=16, far=22),
        build("2s-cxl", 2, 1, 64, 2, 256 * gib, 0,
              extra=((0, 256 * gib, 14), (1, 256 * gib, 14))),
        build("4s-memless", 4, 1, 32, 2, 256 * gib, 0, near=20, far=20,
              uneven=(0, 1, 1, 1), rng=rng),
        build("16n", 8, 2, 32, 2, 128 * gib, 0, near=22, far=32),
        build("32n", 8, 4, 16, 2, 64 * gib, 8, near=22, far=32),
    ]


SMALL = ((1, 30), (2, 32), (4, 18), (8, 10))
WIDE = ((12, 2), (16, 4), (24, 1.5), (32, 1.2), (48, 0.7), (64, 0.6))


def sizes(machine, rng):
    mix = [(v, w) for v, w in SMALL + WIDE
           if v <= 2 * max(len(c) for c in machine.cpus.values())]
    v = rng.choices([v for v, _ in mix], [w for _, w in mix])[0]
    per = rng.choices((1024, 2048, 4096, 6144, 8192), (12, 22, 40, 6, 20))[0]
    return v, v * per


def fewest(machine, v, mem, policy):
    """Nodes that the VM needs on an empty machine."""
    caps = []
    for n in range(machine.nodes):
        cpus = len(machine.cpus[n])
        caps.append({"shared": cpus * machine.overcommit // 100,
                     "isolate": cpus // machine.smt}.get(policy, cpus))
    mems = sorted(machine.mem.values(), reverse=True)
    pairs = sorted(zip(caps, machine.mem.values()), reverse=True)
    for span in range(1, machine.nodes + 1):
        if span == 1:
            if any(c >= v and m >= mem for c, m in pairs):
                return 1
        elif sum(c for c, _ in pairs[:span]) >= v and \
                sum(m for _, m in pairs[:span]) >= mem:
            return span
    return None


def trace(machine, seed, load, tight, arrivals, rebalance=0):
    """Arrivals and departures that offer `load` of the machine."""
    rng = random.Random(seed)
    cpus = len(machine.node_of)
    total_mem = sum(machine.mem.values())
    cost = {"shared": 100 / machine.overcommit, "prefer": 1,
            "isolate": machine.smt, "require": 1}
    used_cpu = used_mem = 0
    live = []
    out = []
    for i in range(arrivals):
        policy = rng.choices(("shared", "prefer", "isolate", "require"),
                             (54, 26, 10, 10))[0]
        v, mem = sizes(machine, rng)
        if policy == "require" and v % machine.smt:
            v += 1
            mem = mem // (v - 1) * v
        span = fewest(machine, v, mem, policy)
        if span is None:
            v, mem, policy, span = 2, 4096, "shared", 1
        k, opts = 0, []
        if v >= 8 and rng.random() < 0.35:
            k = 2
            if rng.random() < 0.5 and machine.nodes > 1:
                opts.append("strict")
                span = max(span, 2)
        if tight:
            opts.append("span=%d" % span)
        if rng.random() < 0.06:
            opts.append("dev=" + rng.choice(sorted(machine.device)))
        share = v * cost[policy] / cpus
        while live and (used_cpu + share > load or
                        used_mem + mem / total_mem > load):
            gone = live.pop(rng.randrange(len(live)))
            used_cpu -= gone[1]
            used_mem -= gone[2]
            out.append("depart " + gone[0])
        out.append(" ".join(["arrive v%d %d %d %d %s" %
                             (i, v, mem, k, policy)] + opts))
        live.append(("v%d" % i, share, mem / total_mem))
        used_cpu += share
        used_mem += mem / total_mem
        if rebalance and i % rebalance == rebalance - 1:
            out.append("rebalance 65536")
    return out
