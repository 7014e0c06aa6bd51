/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VCPUNUMA_REPORT_H
#define VCPUNUMA_REPORT_H

void report_init(void);
void report_exit(void);

#endif /* VCPUNUMA_REPORT_H */
