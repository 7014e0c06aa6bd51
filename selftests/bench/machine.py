# SPDX-License-Identifier: GPL-2.0
"""Machines and requests, read from the text formats of `vcpunumactl plan`.

Shares no code with the planner: what is judged must not judge itself.
"""


class Machine:
    def __init__(self, lines):
        self.overcommit = 400
        self.mem = {}
        self.dist = {}
        self.node_of = {}
        self.llc_of = {}
        self.core_of = {}
        self.device = {}
        self.name = "?"
        for line in lines:
            w = line.split("#")[0].split()
            if not w:
                continue
            if w[0] == "topology":
                self.name = w[1]
            elif w[0] == "overcommit":
                self.overcommit = int(w[1])
            elif w[0] == "node":
                self.mem[int(w[1])] = int(w[3])
            elif w[0] == "dist":
                self.dist[int(w[1])] = [int(d) for d in w[2:]]
            elif w[0] == "cpu":
                cpu = int(w[1])
                self.node_of[cpu] = int(w[3])
                self.llc_of[cpu] = int(w[7])
                self.core_of[cpu] = int(w[9])
            elif w[0] == "device":
                self.device[w[1]] = int(w[3])
        self.nodes = len(self.mem)
        self.cpus = {n: [] for n in range(self.nodes)}
        self.core_cpus = {}
        self.llc_cpus = {}
        for cpu in sorted(self.node_of):
            self.cpus[self.node_of[cpu]].append(cpu)
            self.core_cpus.setdefault(self.core_of[cpu], []).append(cpu)
            self.llc_cpus.setdefault(self.llc_of[cpu], []).append(cpu)
        self.smt = max([len(c) for c in self.core_cpus.values()] or [1])
        # An LLC that spans nodes cannot be floated over.
        self.llc_node = {}
        for llc, cpus in self.llc_cpus.items():
            on = {self.node_of[c] for c in cpus}
            self.llc_node[llc] = on.pop() if len(on) == 1 else None


class Request:
    def __init__(self, words):
        self.id = words[1]
        self.vcpus = int(words[2])
        self.mem = int(words[3])
        self.k = max(int(words[4]), 1)
        self.policy = words[5]
        self.span = None
        self.strict = False
        self.dev = None
        for w in words[6:]:
            if w.startswith("span="):
                self.span = int(w[5:])
            elif w.startswith("dev="):
                self.dev = w[4:]
            elif w == "strict":
                self.strict = True

    def vnode(self, i):
        return i * self.k // self.vcpus

    def vnode_vcpus(self):
        count = [0] * self.k
        for i in range(self.vcpus):
            count[self.vnode(i)] += 1
        return count

    def vnode_mem(self):
        return [self.mem // self.k + (j < self.mem % self.k)
                for j in range(self.k)]


class Place:
    """An answer: places of the vCPUs, and memory by virtual node."""

    def __init__(self, cpu, mem):
        self.cpu = cpu          # (kind, number): kind c, n or l
        self.mem = mem          # list of {node: MiB}

    @staticmethod
    def parse(cpu, mem):
        places = []
        for word in cpu[4:].split(","):
            kind = word[0] if word[0] in "nl" else "c"
            places.append((kind, int(word.lstrip("nl"))))
        groups = []
        for group in mem.split("/"):
            there = {}
            for chunk in group.split(","):
                node, size = chunk.split("=")
                if int(size) < 1 or int(node) in there:
                    raise ValueError("chunk " + chunk)
                there[int(node)] = int(size)
            groups.append(there)
        return Place(places, groups)

    def text(self):
        return "cpu:%s mem %s" % (
            ",".join(str(n) if k == "c" else k + str(n) for k, n in self.cpu),
            "/".join(",".join("%d=%d" % nm for nm in sorted(g.items()))
                     for g in self.mem))

    def nodes_of_vcpus(self, machine):
        return [machine.node_of[n] if k == "c" else
                n if k == "n" else machine.llc_node[n] for k, n in self.cpu]


def measure(machine, req, node, mem):
    """Memory distance and spread of vCPUs on nodes `node`."""
    dist = 0.0
    v = len(node)
    count = {}
    for i, n in enumerate(node):
        key = (req.vnode(i), n)
        count[key] = count.get(key, 0) + 1
    for (j, n), c in count.items():
        total = sum(mem[j].values())
        dist += c * sum(machine.dist[n][m] * size
                        for m, size in mem[j].items()) / total
    dist /= v
    if v == 1:
        return dist, 10.0
    total = {}
    for n in node:
        total[n] = total.get(n, 0) + 1
    pairs = 0
    for a, ca in total.items():
        for b, cb in total.items():
            pairs += ca * (cb - (a == b)) * machine.dist[a][b]
    return dist, pairs / (v * (v - 1))


def eff(dist, spread):
    return (3 * dist + spread) / 4
