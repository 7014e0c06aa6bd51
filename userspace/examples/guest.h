/* SPDX-License-Identifier: MIT */
/*
 * kvm-vmm - what the VMM and its guest agree on
 */
#ifndef GUEST_H
#define GUEST_H

/* Where the code of the guest is, physical */
#define GUEST_CODE	0x1000

/* A word is written and verified every so many bytes. */
#define GUEST_STRIDE	64

/* What is written: the word's address + seed, and from round to round... */
#define GUEST_STEP	0x9e3779b1

/* Port to which a vCPU writes the number of wrong words it found (32 bits) */
#define GUEST_PORT	0x10

#endif /* GUEST_H */
