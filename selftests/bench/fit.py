# SPDX-License-Identifier: GPL-2.0
"""Placement of one VM on given nodes, and the best place by search.

`best()` enumerates what the planner must not: all sets of nodes, up to a size,
in all orders of filling. At the optimum at most one node is partly filled.
"""

import itertools

from machine import Place, eff, measure


def split(req, state, caps, cpu_order, mem_order):
    """Fills nodes in these orders; a list of (node, count) and memory."""
    cpus, left = [], req.vcpus
    for n in cpu_order:
        take = min(left, caps[n])
        if req.policy == "require" and take < left:
            take -= take % state.m.smt
        if take:
            cpus += [n] * take
            left -= take
    mem, left_mem = {}, req.mem
    for n in mem_order:
        take = min(left_mem, state.mem_free[n])
        if take:
            mem[n] = take
            left_mem -= take
    if left or left_mem:
        return None
    return cpus, mem


def to_vnodes(req, mem):
    """Memory of nodes, in order, cut into virtual nodes."""
    groups = []
    rest = list(mem.items())
    for size in req.vnode_mem():
        group = {}
        while size:
            n, m = rest[0]
            take = min(size, m)
            group[n] = group.get(n, 0) + take
            size -= take
            rest[0] = (n, m - take)
            if m == take:
                rest.pop(0)
        groups.append(group)
    return groups


def left_over(req, state, caps, node):
    """Share of CPUs and memory that would be left there."""
    ncpu = max(len(state.m.cpus[node]), 1)
    used = {"shared": req.vcpus * 100 / state.m.overcommit,
            "prefer": req.vcpus, "isolate": req.vcpus * state.m.smt,
            "require": req.vcpus}[req.policy]
    have = state.pool[node] - state.shared[node] * 100 / state.m.overcommit
    return ((have - used) / ncpu +
            (state.mem_free[node] - req.mem) / max(state.m.mem[node], 1))


def singles(req, state, caps):
    return [n for n in range(state.m.nodes)
            if caps[n] >= req.vcpus and state.mem_free[n] >= req.mem]


def strict_sets(req, state, caps):
    """All ways to give virtual nodes nodes of their own."""
    v, m = req.vnode_vcpus(), req.vnode_mem()
    if req.span and req.span < req.k:
        return
    if req.policy == "require" and \
            sum(x % state.m.smt != 0 for x in v) > req.vcpus % state.m.smt:
        return
    nodes = [n for n in range(state.m.nodes)
             if caps[n] >= min(v) and state.mem_free[n] >= min(m)]
    for perm in itertools.permutations(nodes, req.k):
        if all(caps[n] >= v[j] and state.mem_free[n] >= m[j]
               for j, n in enumerate(perm)):
            cpus = [perm[req.vnode(i)] for i in range(req.vcpus)]
            yield cpus, [{n: m[j]} for j, n in enumerate(perm)]


def whole_vnodes(req, state, caps, nodes):
    """Virtual nodes whole on nodes, in this order."""
    v, m = req.vnode_vcpus(), req.vnode_mem()
    cap = {n: caps[n] for n in nodes}
    mem = {n: state.mem_free[n] for n in nodes}
    home = []
    for j in range(req.k):
        for n in nodes:
            if cap[n] >= v[j] and mem[n] >= m[j]:
                cap[n] -= v[j]
                mem[n] -= m[j]
                home.append(n)
                break
        else:
            return None
    return ([home[req.vnode(i)] for i in range(req.vcpus)],
            [{n: m[j]} for j, n in enumerate(home)])


def layouts(req, state, caps, most):
    m = state.m
    span = min(req.span or m.nodes, most)
    if req.strict and req.k > 1:
        yield from strict_sets(req, state, caps)
        return
    if req.strict:
        return
    usable = [n for n in range(m.nodes) if caps[n] or state.mem_free[n]]
    for size in range(2, span + 1):
        for nodes in itertools.combinations(usable, size):
            if sum(caps[n] for n in nodes) < req.vcpus or \
                    sum(state.mem_free[n] for n in nodes) < req.mem:
                continue
            for order in itertools.permutations(nodes):
                if req.k > 1:
                    whole = whole_vnodes(req, state, caps, order)
                    if whole:
                        yield whole
                for mem_order in (itertools.permutations(nodes)
                                  if req.k == 1 else [order]):
                    got = split(req, state, caps, order, mem_order)
                    if got:
                        yield got[0], to_vnodes(req, got[1])


def odd_cores(req, state, cpus):
    return req.policy == "require" and \
        sum(cpus.count(n) % state.m.smt != 0 for n in set(cpus)) > \
        req.vcpus % state.m.smt


def best(req, state, most=3, key=None):
    """(eff, distance, cpus by node, memory groups), or None: does not fit."""
    caps = [state.capacity(n, req.policy) for n in range(state.m.nodes)]
    if not (req.strict and req.k > 1):
        fit = singles(req, state, caps)
        if fit:
            n = min(fit, key=lambda n: left_over(req, state, caps, n))
            return (10.0, 10.0, [n] * req.vcpus,
                    [{n: x} for x in req.vnode_mem()])
    if sum(caps) < req.vcpus or sum(state.mem_free.values()) < req.mem:
        return None
    found = None
    for cpus, mem in layouts(req, state, caps, most):
        if odd_cores(req, state, cpus):
            continue
        d, s = measure(state.m, req, cpus, mem)
        cost = key(d, s) if key else eff(d, s)
        if not found or cost < found[0]:
            found = (cost, d, cpus, mem)
    return found


def pick(req, state, cpus):
    """CPUs for vCPUs whose nodes are known: whole cores, LLC by LLC."""
    if req.policy == "shared":
        return [("n", n) for n in cpus]
    queue = {}
    for n in set(cpus):
        want = cpus.count(n)
        cores = state.free_cores(n)
        cores.sort(key=lambda c: (state.m.llc_of[state.m.core_cpus[c][0]], c))
        if req.policy == "isolate":
            got = [state.m.core_cpus[c][0] for c in cores]
        else:
            got = [c for core in cores for c in state.m.core_cpus[core]]
            if req.policy == "prefer":
                whole = set(got)
                got += [c for c in state.m.cpus[n]
                        if state.free(c) and c not in whole]
        queue[n] = got[:want]
    return [("c", queue[n].pop(0)) for n in cpus]


def place(req, state, cpus, mem):
    return Place(pick(req, state, cpus), mem)
