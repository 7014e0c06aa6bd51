/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vcpunuma

#if !defined(VCPUNUMA_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VCPUNUMA_TRACE_H

#include <linux/tracepoint.h>

#include "mem.h"
#include "vm.h"

/* A page is on another node than the one where it was wanted first. */
TRACE_EVENT(vcpunuma_mem_remote,
	TP_PROTO(const struct vcpunuma_mem *mem, pgoff_t n, u32 wanted, u32 node,
		 unsigned int order),
	TP_ARGS(mem, n, wanted, node, order),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, mem)
		__field(u64, offset)
		__field(u64, bytes)
		__field(u32, wanted)
		__field(u32, node)
	),
	TP_fast_assign(
		__entry->vm = mem->vm->id;
		__entry->mem = mem->id;
		__entry->offset = (u64)n << PAGE_SHIFT;
		__entry->bytes = PAGE_SIZE << order;
		__entry->wanted = wanted;
		__entry->node = node;
	),
	TP_printk("vm=%u mem=%u offset=%#llx bytes=%llu wanted=%u node=%u",
		  __entry->vm, __entry->mem, __entry->offset, __entry->bytes,
		  __entry->wanted, __entry->node)
);

DECLARE_EVENT_CLASS(vcpunuma_mem_page,
	TP_PROTO(const struct vcpunuma_mem *mem, pgoff_t n, u32 node),
	TP_ARGS(mem, n, node),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, mem)
		__field(u64, offset)
		__field(u32, node)
	),
	TP_fast_assign(
		__entry->vm = mem->vm->id;
		__entry->mem = mem->id;
		__entry->offset = (u64)n << PAGE_SHIFT;
		__entry->node = node;
	),
	TP_printk("vm=%u mem=%u offset=%#llx node=%u", __entry->vm,
		  __entry->mem, __entry->offset, __entry->node)
);

/* A page of 4 KiB stands in for one of 2 MiB. */
DEFINE_EVENT(vcpunuma_mem_page, vcpunuma_mem_small,
	TP_PROTO(const struct vcpunuma_mem *mem, pgoff_t n, u32 node),
	TP_ARGS(mem, n, node)
);

/* The hardware found an error in 4 KiB. */
DEFINE_EVENT(vcpunuma_mem_page, vcpunuma_mem_lost,
	TP_PROTO(const struct vcpunuma_mem *mem, pgoff_t n, u32 node),
	TP_ARGS(mem, n, node)
);

#endif /* VCPUNUMA_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
