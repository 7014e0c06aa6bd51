// SPDX-License-Identifier: GPL-2.0
/*
 * vcpunumactl - output as JSON
 */
#include <errno.h>
#include <stdio.h>

#include "ctl.h"
#include "json.h"

void json_add_uint(json_object *obj, const char *key, uint64_t value)
{
	json_object_object_add(obj, key, json_object_new_uint64(value));
}

void json_add_bool(json_object *obj, const char *key, bool value)
{
	json_object_object_add(obj, key, json_object_new_boolean(value));
}

void json_add_string(json_object *obj, const char *key, const char *value)
{
	json_object_object_add(obj, key, json_object_new_string(value));
}

int json_print(json_object *root)
{
	const char *text = json_object_to_json_string_ext(root,
							  JSON_C_TO_STRING_PRETTY);

	if (text)
		puts(text);
	json_object_put(root);
	if (!text)
		return error_errno(ENOMEM, explain(ENOMEM), "format as JSON");
	return 0;
}
