/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Binding vCPUs to threads and CPUs.
 */
#ifndef VCPUNUMA_BIND_H
#define VCPUNUMA_BIND_H

struct cmd_call;
union cmd_buffer;

int bind_cmd_bind(struct cmd_call *call, union cmd_buffer *buf);
int bind_cmd_bind_many(struct cmd_call *call, union cmd_buffer *buf);

#endif /* VCPUNUMA_BIND_H */
