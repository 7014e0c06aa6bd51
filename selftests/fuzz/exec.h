/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Execution of programs.
 */
#ifndef FUZZ_EXEC_H
#define FUZZ_EXEC_H

#include <stdnoreturn.h>

noreturn void exec_programs(void);

long exec_fork(unsigned int calls);
long exec_thread(unsigned int calls);

#endif /* FUZZ_EXEC_H */
