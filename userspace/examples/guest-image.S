/* SPDX-License-Identifier: MIT */
/*
 * kvm-vmm - the assembled guest.S as data of the VMM
 */
	.section .rodata
	.globl	guest_image, guest_image_size
guest_image:
	.incbin	"guest.bin"
end:
	.balign	4
guest_image_size:
	.long	end - guest_image

	.section .note.GNU-stack, "", @progbits
