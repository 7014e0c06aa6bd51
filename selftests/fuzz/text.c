// SPDX-License-Identifier: GPL-2.0
/*
 * Programs as text, see prog.h.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ops.h"
#include "prog.h"

struct text {
	char *at;
	size_t size;
	size_t used;
};

static void append(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->at + t->used, t->size - t->used, format, args);
	va_end(args);
	t->used += n;
	if (t->used >= t->size)
		t->used = t->size - 1;
}

static void print_call(struct text *t, const struct call *c)
{
	const struct op *o = op_get(c->op);
	unsigned int i;

	append(t, "%u%s %s", c->actor, c->async ? "&" : "", o->name);
	for (i = 0; i < o->nr_args; i++) {
		__u64 v = c->arg[i];

		if (v)
			append(t, v < 65536 ? " %s=%llu" : " %s=%#llx",
			       o->args[i].name, v);
	}
	append(t, "\n");
}

/**
 * prog_print - a program as text
 * @p: the program
 * @text: filled
 * @size: its size
 *
 * Return: length of the text.
 */
size_t prog_print(const struct prog *p, char *text, size_t size)
{
	struct text t = { .at = text, .size = size };
	unsigned int i;

	append(&t, "prog %u race=%u repeat=%u\n", p->serial, p->race, p->repeat);
	for (i = 0; i < p->nr; i++)
		print_call(&t, &p->call[i]);
	append(&t, "end\n");
	return t.used;
}

/* Takes the next word off a line. */
static char *word(char **line)
{
	char *w;

	do
		w = strsep(line, " \t\r\n");
	while (w && !*w);
	return w;
}

static bool read_arg(struct call *c, char *w)
{
	const struct op *o = op_get(c->op);
	char *value = strchr(w, '=');
	unsigned int i;

	if (!value)
		return false;
	*value++ = '\0';
	for (i = 0; i < o->nr_args; i++)
		if (!strcmp(o->args[i].name, w)) {
			c->arg[i] = strtoull(value, NULL, 0);
			return true;
		}
	return false;
}

static bool read_call(struct call *c, char *actor, char *rest)
{
	char *w, *end;
	int op;

	*c = (struct call) { .actor = strtoul(actor, &end, 0) % PROG_ACTORS };
	c->async = *end == '&';
	w = word(&rest);
	op = w ? op_find(w) : -1;
	if (op < 0)
		return false;
	c->op = op;
	while ((w = word(&rest)))
		if (!read_arg(c, w))
			return false;
	return true;
}

/* Finds the line a program begins with. */
static bool read_head(struct prog *p, FILE *file)
{
	unsigned int serial, race, repeat;
	char line[1024];

	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "prog %u race=%u repeat=%u", &serial, &race,
			   &repeat) == 3) {
			*p = (struct prog) {
				.serial = serial,
				.race = race,
				.repeat = repeat,
			};
			return true;
		}
	return false;
}

/**
 * prog_read - read the next program of a file
 * @p: filled
 * @file: the file
 *
 * Return: false: there is none that could be understood.
 */
bool prog_read(struct prog *p, FILE *file)
{
	char line[1024], *rest, *w;

	if (!read_head(p, file))
		return false;
	while (fgets(line, sizeof(line), file)) {
		rest = line;
		w = word(&rest);
		if (!w || *w == '#')
			continue;
		if (!strcmp(w, "end"))
			return p->nr;
		if (p->nr == PROG_CALLS ||
		    !read_call(&p->call[p->nr++], w, rest)) {
			fprintf(stderr, "fuzz: cannot read call %u of program %u\n",
				p->nr, p->serial);
			return false;
		}
	}
	return false;
}
