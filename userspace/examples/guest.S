/* SPDX-License-Identifier: MIT */
/*
 * kvm-vmm - the program each vCPU runs
 *
 * 32-bit protected mode, flat segments, no paging, no stack. Linked to no
 * address: it only jumps relatively. The VMM sets on entry
 *
 *	esi	first byte of this vCPU's memory
 *	edi	first byte behind it
 *	ebx	seed of its pattern
 *	ebp	number of rounds
 */
#include "guest.h"

	.code32
	.text
	.globl	_start
_start:
	xorl	%ecx, %ecx		/* ecx: wrong words */
round:
	movl	%esi, %edx		/* edx: the word */
fill:
	leal	(%edx, %ebx), %eax
	movl	%eax, (%edx)
	addl	$GUEST_STRIDE, %edx
	cmpl	%edi, %edx
	jb	fill

	movl	%esi, %edx
verify:
	leal	(%edx, %ebx), %eax
	cmpl	%eax, (%edx)
	je	right
	incl	%ecx
right:
	addl	$GUEST_STRIDE, %edx
	cmpl	%edi, %edx
	jb	verify

	addl	$GUEST_STEP, %ebx
	decl	%ebp
	jnz	round

	movl	%ecx, %eax
	outl	%eax, $GUEST_PORT
halt:
	hlt
	jmp	halt

	.section .note.GNU-stack, "", @progbits
