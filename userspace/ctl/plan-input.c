// SPDX-License-Identifier: GPL-2.0
/*
 * vcpunumactl plan - lines of words, and memory that does not run out
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "plan.h"

/* A row of 1,024 distances is far shorter. */
#define MAX_LINE	65536
#define MAX_WORDS	2048

void *plan_alloc(size_t nr, size_t size)
{
	return plan_grow(NULL, nr, size);
}

/* New memory is zeroed, grown memory is not. */
void *plan_grow(void *mem, size_t nr, size_t size)
{
	void *grown = mem ? reallocarray(mem, nr ? nr : 1, size) :
			    calloc(nr ? nr : 1, size);

	if (!grown)
		exit(error_errno(ENOMEM, explain(ENOMEM), "plan"));
	return grown;
}

char *plan_string(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(plan_alloc(size, 1), text, size);
}

bool plan_open(struct plan_input *in, const char *name)
{
	*in = (struct plan_input) {
		.file = name ? fopen(name, "re") : stdin,
		.name = name ? name : "stdin",
	};
	if (!in->file) {
		error_errno(errno, strerror(errno), "open %s", name);
		return false;
	}
	in->text = plan_alloc(MAX_LINE, 1);
	in->word = plan_alloc(MAX_WORDS, sizeof(*in->word));
	return true;
}

void plan_close(struct plan_input *in)
{
	if (in->file && in->file != stdin)
		fclose(in->file);
	free(in->text);
	free(in->word);
	*in = (struct plan_input) { 0 };
}

int plan_bad(const struct plan_input *in, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s:%u: ", in->name, in->line);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return -1;
}

/* 1: there are words; -1: too many */
static int cut(struct plan_input *in)
{
	char *at = in->text, *save;

	at[strcspn(at, "#\n")] = '\0';
	in->nr_words = 0;
	for (at = strtok_r(at, " \t\r", &save); at;
	     at = strtok_r(NULL, " \t\r", &save)) {
		if (in->nr_words == MAX_WORDS)
			return plan_bad(in, "the line has too many words");
		in->word[in->nr_words++] = at;
	}
	return in->nr_words > 0;
}

int plan_read(struct plan_input *in)
{
	int ret;

	do {
		size_t len;

		/* Bytes of 0 end a line early: tell them by what is before. */
		memset(in->text, '\n', MAX_LINE);
		if (!fgets(in->text, MAX_LINE, in->file)) {
			if (ferror(in->file))
				return plan_bad(in, "%s", strerror(errno));
			return 0;
		}
		in->line++;
		len = strlen(in->text);
		if (len == MAX_LINE - 1 && in->text[len - 1] != '\n')
			return plan_bad(in, "the line is too long");
		if (len && in->text[len - 1] != '\n' && !feof(in->file))
			return plan_bad(in, "the line has a byte of 0");
		ret = cut(in);
	} while (!ret);
	return ret;
}

bool plan_number(const char *word, uint64_t most, uint64_t *value)
{
	uint64_t sum = 0;

	if (!*word)
		return false;
	for (; *word; word++) {
		if (!isdigit((unsigned char)*word))
			return false;
		sum = sum * 10 + (*word - '0');
		if (sum > most)
			return false;
	}
	*value = sum;
	return true;
}
