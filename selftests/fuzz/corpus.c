// SPDX-License-Identifier: GPL-2.0
/*
 * The corpus: programs that once did something new.
 */
#include <dirent.h>
#include <limits.h>

#include "corpus.h"

unsigned int corpus_count(const struct corpus *c)
{
	return c->nr < CORPUS_MAX ? c->nr : CORPUS_MAX;
}

/** corpus_get - a program, or NULL if it is being added */
const struct prog *corpus_get(const struct corpus *c, unsigned int i)
{
	return c->ready[i] ? &c->progs[i] : NULL;
}

/** corpus_choose - a program, rather one of the last, or NULL */
const struct prog *corpus_choose(const struct corpus *c, struct rng *r)
{
	unsigned int nr = corpus_count(c), i;

	if (!nr)
		return NULL;
	i = rng_below(r, nr);
	if (rng_percent(r, 30) && nr > 16)
		i = nr - 1 - rng_below(r, nr / 4);
	return corpus_get(c, i);
}

static void save(const struct prog *p, const char *dir, unsigned int i)
{
	char path[PATH_MAX], text[PROG_TEXT];
	size_t length = prog_print(p, text, sizeof(text));
	FILE *f;

	snprintf(path, sizeof(path), "%s/%05u", dir, i);
	f = fopen(path, "w");
	if (!f)
		return;
	fwrite(text, 1, length, f);
	fclose(f);
}

/** corpus_add - add a program, and write it to a directory, unless NULL */
void corpus_add(struct corpus *c, const struct prog *p, const char *dir)
{
	unsigned int i = c->nr++;

	if (i >= CORPUS_MAX)
		return;
	c->progs[i] = *p;
	c->ready[i] = true;
	if (dir)
		save(p, dir, i);
}

/** corpus_load - add all programs of all files in a directory */
bool corpus_load(struct corpus *c, const char *dir)
{
	char path[PATH_MAX];
	struct dirent *e;
	struct prog p;
	DIR *d = opendir(dir);
	FILE *f;

	if (!d) {
		perror(dir);
		return false;
	}
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		f = fopen(path, "r");
		while (f && prog_read(&p, f))
			corpus_add(c, &p, NULL);
		if (f)
			fclose(f);
	}
	closedir(d);
	return true;
}
