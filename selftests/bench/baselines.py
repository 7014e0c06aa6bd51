# SPDX-License-Identifier: GPL-2.0
"""Other managers' rules, from their public descriptions.

Each says on which nodes the vCPUs go, and where the memory; CPUs within a node
are chosen for all of them alike. A rule that leads nowhere is a refusal.
"""

import fit


def room(req, state):
    return [state.capacity(n, req.policy) for n in range(state.m.nodes)]


def allowed(req, state, cpus, mem):
    """Whether the outcome of a rule keeps span and strictness."""
    used = set(cpus).union(*mem)
    if req.span and len(used) > req.span:
        return False
    if req.strict:
        homes = []
        for j in range(req.k):
            mine = {cpus[i] for i in range(req.vcpus)
                    if req.vnode(i) == j}.union(mem[j])
            if len(mine) != 1:
                return False
            homes += mine
        if len(set(homes)) != len(homes):
            return False
    return not fit.odd_cores(req, state, cpus)


def deal(req, state, order, mem_order, one_by_one):
    """vCPUs dealt over `order`, memory filled in `mem_order`."""
    caps = room(req, state)
    cpus = []
    if one_by_one:
        at_once = state.m.smt if req.policy == "require" else 1
        while len(cpus) < req.vcpus:
            before = len(cpus)
            for n in order:
                take = min(at_once, req.vcpus - len(cpus))
                if caps[n] >= at_once and len(cpus) < req.vcpus:
                    cpus += [n] * take
                    caps[n] -= at_once
            if len(cpus) == before:
                return None
        mem, left = {}, req.mem
        share = req.mem // len(set(cpus))
        for n in sorted(set(cpus)):
            mem[n] = min(share, state.mem_free[n])
            left -= mem[n]
        for n in list(mem) + mem_order:
            take = min(left, state.mem_free[n] - mem.get(n, 0))
            mem[n] = mem.get(n, 0) + take
            left -= take
        if left:
            return None
        mem = {n: m for n, m in mem.items() if m}
    else:
        got = fit.split(req, state, caps, order, mem_order)
        if not got:
            return None
        cpus, mem = got
    return cpus, fit.to_vnodes(req, mem)


class RoundRobin:
    """vCPUs one by one over all nodes, memory likewise."""
    turn = 0

    def choose(self, req, state):
        n = state.m.nodes
        self.turn = (self.turn + 1) % n
        order = [(self.turn + i) % n for i in range(n)]
        return deal(req, state, order, order, True)


class FirstTouch:
    """No manager: threads wherever there is a CPU, memory where node 0 starts.

    The vCPUs start on the least loaded nodes; the VMM touches the memory from
    one thread.
    """

    def choose(self, req, state):
        caps = room(req, state)
        order = sorted(range(state.m.nodes), key=lambda n: -caps[n])
        nodes = range(state.m.nodes)
        mem_order = sorted(nodes, key=lambda n: state.m.dist[order[0]][n])
        got = deal(req, state, order, mem_order, True)
        if not got:
            return None
        split, left, mem = got[0], req.mem, {}
        for n in mem_order:
            take = min(left, state.mem_free[n])
            if take:
                mem[n] = take
                left -= take
        return split, fit.to_vnodes(req, mem)


class Numad:
    """Most free CPUs times free memory first; more nodes until it suffices."""

    def choose(self, req, state):
        caps = room(req, state)
        order = sorted(range(state.m.nodes),
                       key=lambda n: -(caps[n] * state.mem_free[n]))
        return deal(req, state, order, order, False)


class Xen:
    """Fewest nodes with enough memory and CPUs; of these the fewest vCPUs."""

    def choose(self, req, state):
        caps = room(req, state)
        one = fit.singles(req, state, caps)
        load = [sum(len(p.cpu) for _, p in state.vms.values()
                    if n in p.nodes_of_vcpus(state.m))
                for n in range(state.m.nodes)]
        if one:
            n = min(one, key=lambda n: (load[n], -state.mem_free[n]))
            return deal(req, state, [n], [n], False)
        order = sorted(range(state.m.nodes),
                       key=lambda n: (-state.mem_free[n], load[n]))
        return deal(req, state, order, order, False)


class Nova:
    """Virtual nodes whole, on the first host nodes they fit, packed."""

    def choose(self, req, state):
        caps = room(req, state)
        v, m = req.vnode_vcpus(), req.vnode_mem()
        home, used = [], {}
        for j in range(req.k):
            for n in range(state.m.nodes):
                c, x = used.get(n, (0, 0))
                if req.k > 1 and n in used:
                    continue
                if caps[n] - c >= v[j] and state.mem_free[n] - x >= m[j]:
                    used[n] = c + v[j], x + m[j]
                    home.append(n)
                    break
            else:
                return None
        return ([home[req.vnode(i)] for i in range(req.vcpus)],
                [{n: m[j]} for j, n in enumerate(home)])


class BestFit:
    """The tightest node that holds it, else the tightest sets by capacity."""

    def choose(self, req, state):
        caps = room(req, state)
        one = fit.singles(req, state, caps)
        if one and not (req.strict and req.k > 1):
            n = min(one, key=lambda n: fit.left_over(req, state, caps, n))
            return deal(req, state, [n], [n], False)
        if req.strict:
            return Nova().choose(req, state)
        best = None
        for s in range(state.m.nodes):
            order = sorted(range(state.m.nodes),
                           key=lambda n: (state.m.dist[s][n], -caps[n]))
            got = deal(req, state, order, order, False)
            if got and allowed(req, state, *got):
                d, sp = fit.measure(state.m, req, *got)
                if not best or fit.eff(d, sp) < best[0]:
                    best = (fit.eff(d, sp), got)
        return best and best[1]


class Optimum:
    """The best place of each arrival by itself, by enumeration."""

    def choose(self, req, state):
        best = fit.best(req, state)
        return best and best[2:4]


RULES = {
    "round robin": RoundRobin,
    "first touch": FirstTouch,
    "numad's rule": Numad,
    "Xen's rule": Xen,
    "Nova's rule": Nova,
    "best fit": BestFit,
    "exact optimum": Optimum,
}


def answers(rule, machine, trace, state_class, request_class):
    """What a planner with this rule prints."""
    state = state_class(machine)
    chooser = RULES[rule]()
    out = []
    for event in trace:
        w = event.split()
        if w[0] == "depart":
            if w[1] in state.vms:
                state.release(w[1])
        elif w[0] == "rebalance":
            out.append("done")
        elif w[0] == "arrive":
            req = request_class(w)
            got = chooser.choose(req, state)
            if not got or not allowed(req, state, *got):
                out.append("reject " + req.id)
                continue
            place = fit.place(req, state, *got)
            state.book(req, place)
            out.append("place %s %s" % (req.id, place.text()))
    return out
