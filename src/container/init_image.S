/* SPDX-License-Identifier: Apache-2.0 */
/* The program masu-init as bytes: what a container is started with never comes from a file on disk. */
	.section .rodata
	.balign 16
	.globl masu_init_image
	.hidden masu_init_image
	.type masu_init_image, %object
masu_init_image:
	.incbin "masu-init"
	.globl masu_init_image_end
	.hidden masu_init_image_end
masu_init_image_end:
	.size masu_init_image, . - masu_init_image
	.section .note.GNU-stack, "", %progbits
