/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vcpunumactl - output as JSON
 */
#ifndef JSON_H
#define JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

void json_add_uint(json_object *obj, const char *key, uint64_t value);
void json_add_bool(json_object *obj, const char *key, bool value);
void json_add_string(json_object *obj, const char *key, const char *value);

/* Prints and frees it; returns 0 or an exit status, after a message. */
int json_print(json_object *root);

#endif /* JSON_H */
