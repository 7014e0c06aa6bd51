# SPDX-License-Identifier: GPL-2.0
"""What is booked on a machine, and the rules of PLANNER-FORMAT, plainly.

A violated rule raises Invalid. The judge books every answer here, and the
baselines ask here what is free.
"""


class Invalid(Exception):
    pass


class State:
    def __init__(self, machine):
        self.m = machine
        self.owner = {}                         # cpu -> VM
        self.blocked = {}                       # cpu -> VM
        self.mem_free = dict(machine.mem)
        self.shared = [0] * machine.nodes
        self.shared_llc = {llc: 0 for llc in machine.llc_cpus}
        self.pool = [len(machine.cpus[n]) for n in range(machine.nodes)]
        self.vms = {}

    def free(self, cpu):
        return cpu not in self.owner and cpu not in self.blocked

    def free_cores(self, node):
        seen, cores = set(), []
        for cpu in self.m.cpus[node]:
            core = self.m.core_of[cpu]
            if core not in seen:
                seen.add(core)
                if all(self.free(c) for c in self.m.core_cpus[core]):
                    cores.append(core)
        return cores

    def slack(self, node):
        """CPUs that may leave the pool."""
        need = -(-self.shared[node] * 100 // max(self.m.overcommit, 1))
        return max(self.pool[node] - need, 0)

    def capacity(self, node, policy):
        if policy == "shared":
            return max(self.m.overcommit * self.pool[node] // 100 -
                       self.shared[node], 0)
        slack = self.slack(node)
        # Each LLC keeps the pool of those that float over it.
        left = {}
        for cpu in self.m.cpus[node]:
            if self.free(cpu):
                llc = self.m.llc_of[cpu]
                left[llc] = left.get(llc, 0) + 1
        for llc in left:
            left[llc] -= -(-self.shared_llc[llc] * 100 //
                           max(self.m.overcommit, 1))
        if policy == "prefer":
            return min(slack, sum(max(x, 0) for x in left.values()))
        room = 0
        cores = [self.m.core_cpus[c] for c in self.free_cores(node)]
        for cpus in sorted(cores, key=len, reverse=policy == "require"):
            size, llc = len(cpus), self.m.llc_of[cpus[0]]
            if size <= slack and size <= left[llc]:
                slack -= size
                left[llc] -= size
                room += 1 if policy == "isolate" else size
        return room

    def _block(self, req, place):
        if req.policy not in ("isolate", "require"):
            return
        parts = 0
        for core in {self.m.core_of[n] for _, n in place.cpu}:
            cpus = self.m.core_cpus[core]
            mine = [c for c in cpus if self.owner.get(c) == req.id]
            others = [c for c in cpus if c not in mine]
            if req.policy == "isolate" and len(mine) > 1:
                raise Invalid("isolate: two vCPUs on core %d" % core)
            if not all(self.free(c) for c in others):
                raise Invalid("%s: core %d is not free" % (req.policy, core))
            parts += bool(others)
            for c in others:
                self.blocked[c] = req.id
                self.pool[self.m.node_of[c]] -= 1
        if req.policy == "require" and parts > req.vcpus % self.m.smt:
            raise Invalid("require: half used cores")

    def _check_form(self, req, place):
        if len(place.cpu) != req.vcpus:
            raise Invalid("wrong number of vCPUs")
        if [sum(g.values()) for g in place.mem] != req.vnode_mem():
            raise Invalid("wrong sums of memory")
        for kind, n in place.cpu:
            if (kind == "c") != (req.policy != "shared"):
                raise Invalid("place of the wrong kind")
            if kind == "l" and self.m.llc_node.get(n) is None:
                raise Invalid("LLC %d is not inside a node" % n)
        nodes = place.nodes_of_vcpus(self.m)
        used = set(nodes).union(*place.mem)
        if req.span and len(used) > req.span:
            raise Invalid("spans %d nodes" % len(used))
        if req.strict:
            home = []
            for j in range(req.k):
                mine = {nodes[i] for i in range(req.vcpus)
                        if req.vnode(i) == j}.union(place.mem[j])
                if len(mine) != 1:
                    raise Invalid("strict: virtual node %d divided" % j)
                home += mine
            if len(set(home)) != len(home):
                raise Invalid("strict: virtual nodes share a node")
        return nodes

    def book(self, req, place):
        nodes = self._check_form(req, place)
        if req.id in self.vms:
            raise Invalid("%s runs already" % req.id)
        for g in place.mem:
            for n, size in g.items():
                self.mem_free[n] -= size
                if self.mem_free[n] < 0:
                    raise Invalid("memory of node %d" % n)
        touched_llc = set()
        for (kind, n), node in zip(place.cpu, nodes):
            if kind == "c":
                if not self.free(n):
                    raise Invalid("CPU %d is taken" % n)
                self.owner[n] = req.id
                self.pool[node] -= 1
            else:
                self.shared[node] += 1
                if kind == "l":
                    self.shared_llc[n] += 1
                    touched_llc.add(n)
        self._block(req, place)
        for n in set(nodes):
            if self.shared[n] * 100 > self.m.overcommit * self.pool[n]:
                raise Invalid("shared vCPUs of node %d" % n)
        touched_llc.update(self.m.llc_of[n] for k, n in place.cpu if k == "c")
        for llc in touched_llc:
            if not self.shared_llc[llc]:
                continue
            pool = sum(self.free(c) for c in self.m.llc_cpus[llc])
            if self.shared_llc[llc] * 100 > self.m.overcommit * pool:
                raise Invalid("shared vCPUs of LLC %d" % llc)
        self.vms[req.id] = (req, place)

    def release(self, vm):
        req, place = self.vms.pop(vm)
        for g in place.mem:
            for n, size in g.items():
                self.mem_free[n] += size
        cores = set()
        for (kind, n), node in zip(place.cpu, place.nodes_of_vcpus(self.m)):
            if kind == "c":
                del self.owner[n]
                self.pool[node] += 1
                cores.add(self.m.core_of[n])
            else:
                self.shared[node] -= 1
                if kind == "l":
                    self.shared_llc[n] -= 1
        for core in cores:
            for c in self.m.core_cpus[core]:
                if self.blocked.get(c) == vm:
                    del self.blocked[c]
                    self.pool[self.m.node_of[c]] += 1

    def move(self, vm, place):
        """Places a VM anew; returns MiB moved, which must fit before."""
        req, old = self.vms[vm]
        moved = 0
        for n in set().union(*place.mem):
            more = (sum(g.get(n, 0) for g in place.mem) -
                    sum(g.get(n, 0) for g in old.mem))
            if more > 0:
                if more > self.mem_free[n]:
                    raise Invalid("no room on node %d to move to" % n)
                moved += more
        self.release(vm)
        self.book(req, place)
        return moved
