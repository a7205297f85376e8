/* SPDX-License-Identifier: Apache-2.0 */
/* Option tables: one row per option feeds parsing, --help and the listing that completions are made from.
 * Accepts what Go's flag package and getopt_long accept; knows nothing of commands. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/table.h"
#include "masu/masu.h"

enum opt_kind {
	OPT_KIND_END,
	OPT_KIND_FLAG,
	OPT_KIND_BITS, /* as OPT_KIND_FLAG, in a word that several options share */
	OPT_KIND_TEXT,
	OPT_KIND_NUMBER,
	OPT_KIND_WORD,
	OPT_KIND_LIST
};

/* Values of an option that may be repeated; v is NULL or NULL-terminated, its strings are those of argv. */
struct opt_list {
	char **v;
	size_t n;
};

struct opt {
	enum opt_kind kind;
	char key;         /* short letter, 0 = none */
	bool hidden;      /* accepted, not in --help */
	const char *name; /* long name without dashes */
	const char *arg;  /* what --help calls the value; NULL for flags */
	const char *help;
	const struct vocab *words; /* OPT_KIND_WORD */
	unsigned bits;             /* OPT_KIND_BITS */
	union {
		bool *flag;
		unsigned *bits;
		const char **text;
		int *number; /* OPT_KIND_NUMBER and OPT_KIND_WORD */
		struct opt_list *list;
	} to;
};

#define OPT_FLAG(k, n, dest, h)                                                                \
	{                                                                                      \
		.kind = OPT_KIND_FLAG, .key = (k), .name = (n), .help = (h), .to.flag = (dest) \
	}
#define OPT_QUIET(k, n, dest, h)                                                                               \
	{                                                                                                      \
		.kind = OPT_KIND_FLAG, .key = (k), .name = (n), .help = (h), .to.flag = (dest), .hidden = true \
	}
#define OPT_BITS(k, n, dest, b, h)                                                                          \
	{                                                                                                   \
		.kind = OPT_KIND_BITS, .key = (k), .name = (n), .help = (h), .to.bits = (dest), .bits = (b) \
	}
#define OPT_QUIET_TEXT(n, a, dest)                                                                            \
	{                                                                                                     \
		.kind = OPT_KIND_TEXT, .name = (n), .arg = (a), .help = "", .to.text = (dest), .hidden = true \
	}
#define OPT_QUIET_NUMBER(n, a, dest)                                                                              \
	{                                                                                                         \
		.kind = OPT_KIND_NUMBER, .name = (n), .arg = (a), .help = "", .to.number = (dest), .hidden = true \
	}
#define OPT_TEXT(k, n, a, dest, h)                                                                         \
	{                                                                                                  \
		.kind = OPT_KIND_TEXT, .key = (k), .name = (n), .arg = (a), .help = (h), .to.text = (dest) \
	}
#define OPT_NUMBER(k, n, a, dest, h)                                                                           \
	{                                                                                                      \
		.kind = OPT_KIND_NUMBER, .key = (k), .name = (n), .arg = (a), .help = (h), .to.number = (dest) \
	}
#define OPT_WORD(k, n, a, v, dest, h)                                                                  \
	{                                                                                              \
		.kind = OPT_KIND_WORD, .key = (k), .name = (n), .arg = (a), .help = (h), .words = (v), \
		.to.number = (dest)                                                                    \
	}
#define OPT_LIST(k, n, a, dest, h)                                                                         \
	{                                                                                                  \
		.kind = OPT_KIND_LIST, .key = (k), .name = (n), .arg = (a), .help = (h), .to.list = (dest) \
	}
#define OPT_END                      \
	{                            \
		.kind = OPT_KIND_END \
	}

/* Largest value of an OPT_KIND_NUMBER: all of them count file descriptors. */
#define OPT_NUMBER_MAX 1048576

/* Parses the NULL-terminated args in place: options go to their destinations, the others move to the front and are
 * terminated again. tables is a NULL-terminated list of tables. The word that follows `limit` plain words, and
 * everything behind it, is left as it is (SIZE_MAX: options may stand anywhere). Returns the number of plain words
 * or -EINVAL, -ENOMEM with err filled. */
int opt_parse(char **args, const struct opt *const *tables, size_t limit, struct masu_error *err);

/* Adds the lines of --help for one table. */
void opt_help(struct buf *b, const struct opt *table);
/* Adds one line per visible option: "option", long name, letter or -, name of the value or -, words that it may be or -, help; tabs
 * between. contrib/dev/update-docs makes completions and the man page of it. */
void opt_listing(struct buf *b, const struct opt *table);
