/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What programs change of the whole machine: cgroups, CPUs and memory online.
 */
#ifndef FUZZ_HOST_H
#define FUZZ_HOST_H

void host_init(void);
void host_restore(void);

#endif /* FUZZ_HOST_H */
