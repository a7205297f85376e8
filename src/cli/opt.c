/* SPDX-License-Identifier: Apache-2.0 */
/* The option parser: every spelling that Go's flag package or getopt_long would take, from the same tables.
 * Reads only its arguments; prints nothing. */
#include "cli/opt.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "cli/fail.h"

struct opt_state {
	const struct opt *const *tables;
	char **next; /* the argument behind the one that is being read */
	size_t left; /* arguments from *next to the end */
	struct masu_error *err;
};

/* Go's strconv.ParseBool in lower case, and the yes and no of crun's --tty=no. */
static const struct word bool_words[] = {
	{ "true", 1 }, { "t", 1 }, { "1", 1 }, { "yes", 1 }, { "false", 0 }, { "f", 0 }, { "0", 0 }, { "no", 0 },
};

static bool opt_is_flag(const struct opt *o)
{
	return o->kind == OPT_KIND_FLAG || o->kind == OPT_KIND_BITS;
}

static void opt_store_flag(const struct opt *o, bool on)
{
	if (o->kind == OPT_KIND_FLAG)
		*o->to.flag = on;
	else
		*o->to.bits = on ? *o->to.bits | o->bits : *o->to.bits & ~o->bits;
}

static int opt_set_flag(struct opt_state *st, const struct opt *o, const char *value)
{
	if (!value) {
		opt_store_flag(o, true);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(bool_words); i++) {
		if (strcasecmp(value, bool_words[i].name) == 0) {
			opt_store_flag(o, bool_words[i].value);
			return 0;
		}
	}
	return fail_usage(st->err, "option `--%s`: `%s`: expected true or false", o->name, value);
}

static int opt_set_word(struct opt_state *st, const struct opt *o, const char *value)
{
	const struct vocab *v = o->words;
	AUTO(buf_done) struct buf names = { 0 };

	for (size_t i = 0; i < v->len; i++) {
		if (strcasecmp(value, v->words[i].name) == 0) {
			*o->to.number = (int)v->words[i].value;
			return 0;
		}
	}
	/* Synonyms stand behind the word that people are told about. */
	for (size_t i = 0; i < v->len; i++)
		if (i == 0 || v->words[i].value != v->words[i - 1].value)
			buf_addf(&names, "%s%s", i ? ", " : "", v->words[i].name);
	return fail_usage(st->err, "option `--%s`: unknown %s `%s`: expected one of %s", o->name, v->what, value,
			  names.data ? names.data : "");
}

static int opt_set_list(struct opt_state *st, const struct opt *o, char *value)
{
	struct opt_list *list = o->to.list;

	/* No later argument can add more values than there are arguments: one allocation is enough. */
	if (!list->v)
		list->v = calloc(st->left + 2, sizeof(*list->v));
	if (!list->v)
		return fail_set(st->err, ENOMEM, "read options: out of memory");
	list->v[list->n++] = value;
	list->v[list->n] = NULL;
	return 0;
}

static int opt_set(struct opt_state *st, const struct opt *o, char *value)
{
	uint64_t number;

	if (opt_is_flag(o))
		return opt_set_flag(st, o, value);
	if (!value && st->left == 0)
		/* Go's wording: CRI-O looks for it to learn which options a runtime has. */
		return fail_usage(st->err, "flag needs an argument: --%s", o->name);
	if (!value) {
		value = *st->next++;
		st->left--;
	}
	switch (o->kind) {
	case OPT_KIND_LIST:
		return opt_set_list(st, o, value);
	case OPT_KIND_WORD:
		return opt_set_word(st, o, value);
	case OPT_KIND_NUMBER:
		if (parse_u64(value, OPT_NUMBER_MAX, &number) < 0)
			return fail_usage(st->err, "option `--%s`: `%s`: expected a number from 0 to %d", o->name,
					  value, OPT_NUMBER_MAX);
		*o->to.number = (int)number;
		return 0;
	default:
		*o->to.text = value;
		return 0;
	}
}

static const struct opt *opt_find_exact(const struct opt_state *st, const char *name, size_t len)
{
	for (const struct opt *const *t = st->tables; *t; t++)
		for (const struct opt *o = *t; o->kind != OPT_KIND_END; o++)
			if (strncmp(o->name, name, len) == 0 && o->name[len] == '\0')
				return o;
	return NULL;
}

/* getopt_long's abbreviations: any beginning that only one option has. */
static int opt_find_prefix(const struct opt_state *st, const char *name, size_t len, const struct opt **ret)
{
	AUTO(buf_done) struct buf names = { 0 };
	size_t found = 0;

	for (const struct opt *const *t = st->tables; *t; t++) {
		for (const struct opt *o = *t; o->kind != OPT_KIND_END; o++) {
			if (len == 0 || strncmp(o->name, name, len) != 0)
				continue;
			/* Two rows may be one option with two letters. */
			if (found && (*ret)->to.flag == o->to.flag && (*ret)->bits == o->bits)
				continue;
			buf_addf(&names, "%s--%s", found ? ", " : "", o->name);
			*ret = o;
			found++;
		}
	}
	if (found == 1)
		return 0;
	if (found == 0)
		return fail_usage(st->err, "unknown option `--%.*s`", (int)len, name);
	return fail_usage(st->err, "option `--%.*s` is ambiguous: %s", (int)len, name, names.data ? names.data : "");
}

static const struct opt *opt_find_key(const struct opt_state *st, char key)
{
	for (const struct opt *const *t = st->tables; *t; t++)
		for (const struct opt *o = *t; o->kind != OPT_KIND_END; o++)
			if (o->key && o->key == key)
				return o;
	return NULL;
}

/* "-abc", "-bVALUE", "-b=VALUE", "-b VALUE": p stands behind the dash. */
static int opt_parse_keys(struct opt_state *st, char *p)
{
	const char *whole = p;

	for (; *p; p++) {
		const struct opt *o = opt_find_key(st, *p);
		int r;

		if (!o)
			return fail_usage(st->err,
					  strlen(whole) > 1 ? "unknown option `-%c` in `-%s`" : "unknown option `-%c`",
					  *p, whole);
		if (p[1] == '=')
			return opt_set(st, o, p + 2);
		if (!opt_is_flag(o))
			return opt_set(st, o, p[1] ? p + 1 : NULL);
		r = opt_set(st, o, NULL);
		if (r < 0)
			return r;
	}
	return 0;
}

static int opt_parse_one(struct opt_state *st, char *arg)
{
	bool two = arg[1] == '-';
	char *name = arg + (two ? 2 : 1);
	size_t len = strcspn(name, "=");
	char *value = name[len] ? name + len + 1 : NULL;
	const struct opt *o = NULL;
	int r;

	/* Go takes long names behind one dash too, and containerd writes -no-subreaper. */
	if (two || len > 1)
		o = opt_find_exact(st, name, len);
	if (o)
		return opt_set(st, o, value);
	if (!two)
		return opt_parse_keys(st, name);
	r = opt_find_prefix(st, name, len, &o);
	return r < 0 ? r : opt_set(st, o, value);
}

int opt_parse(char **args, const struct opt *const *tables, size_t limit, struct masu_error *err)
{
	struct opt_state st = { .tables = tables, .next = args, .err = err };
	size_t plain = 0;

	while (args[st.left])
		st.left++;
	while (st.left > 0) {
		char *arg = *st.next++;
		bool is_end;
		int r;

		st.left--;
		is_end = strcmp(arg, "--") == 0;
		if (!is_end && arg[0] == '-' && arg[1] != '\0') {
			r = opt_parse_one(&st, arg);
			if (r < 0)
				return r;
			continue;
		}
		if (!is_end)
			args[plain++] = arg;
		if (is_end || plain > limit)
			break;
	}
	while (st.left > 0) {
		args[plain++] = *st.next++;
		st.left--;
	}
	args[plain] = NULL;
	return (int)plain;
}

#define OPT_HELP_COLUMN 30

void opt_help(struct buf *b, const struct opt *table)
{
	for (const struct opt *o = table; o->kind != OPT_KIND_END; o++) {
		size_t start = b->len;

		if (o->hidden)
			continue;
		if (o->key)
			buf_addf(b, "  -%c, --%s", o->key, o->name);
		else
			buf_addf(b, "      --%s", o->name);
		if (o->arg)
			buf_addf(b, " %s", o->arg);
		if (b->len - start > OPT_HELP_COLUMN - 2) {
			buf_adds(b, "\n");
			start = b->len;
		}
		buf_addf(b, "%*s%s\n", (int)(OPT_HELP_COLUMN - (b->len - start)), "", o->help);
	}
}

/* Synonyms and the empty word are not for people. */
static void opt_listing_words(struct buf *b, const struct vocab *v)
{
	if (!v)
		buf_adds(b, "-");
	for (size_t i = 0; v && i < v->len; i++)
		if (i == 0 || v->words[i].value != v->words[i - 1].value)
			buf_addf(b, "%s%s", i ? "," : "", v->words[i].name);
}

void opt_listing(struct buf *b, const struct opt *table)
{
	for (const struct opt *o = table; o->kind != OPT_KIND_END; o++) {
		if (o->hidden)
			continue;
		buf_addf(b, "option\t%s\t%c\t%s\t", o->name, o->key ? o->key : '-', o->arg ? o->arg : "-");
		opt_listing_words(b, o->words);
		buf_addf(b, "\t%s\n", o->help);
	}
}
