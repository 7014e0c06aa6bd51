// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints: their code.
 */
#define CREATE_TRACE_POINTS
#include "trace.h"
