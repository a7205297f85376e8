/* SPDX-License-Identifier: Apache-2.0 */
/* The option parser: every spelling that callers of runc and crun use, and what is refused. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "check.h"
#include "cli/opt.h"

static struct {
	bool detach, tty, quiet;
	const char *bundle, *pid_file, *pidfd_socket;
	int fds, format;
	struct opt_list env;
} got;

static const struct word format_words[] = { { "text", 0 }, { "json", 1 }, { "js", 1 }, { "xml", 2 } };
static const struct vocab formats = { "format", format_words, ARRAY_SIZE(format_words) };

static const struct opt options[] = {
	OPT_TEXT('b', "bundle", "DIR", &got.bundle, "where"),
	OPT_FLAG('d', "detach", &got.detach, "away"),
	OPT_LIST('e', "env", "KEY=VALUE", &got.env, "environment"),
	OPT_WORD(0, "format", "FORMAT", &formats, &got.format, "of output"),
	OPT_TEXT(0, "pid-file", "FILE", &got.pid_file, "a file"),
	OPT_TEXT(0, "pidfd-socket", "PATH", &got.pidfd_socket, "a socket"),
	OPT_NUMBER(0, "preserve-fds", "N", &got.fds, "how many"),
	OPT_FLAG('t', "tty", &got.tty, "terminal"),
	OPT_END,
};
static const struct opt common[] = {
	OPT_QUIET('q', "quiet", &got.quiet, ""),
	OPT_QUIET('Q', "quiet", &got.quiet, ""),
	OPT_END,
};
static const struct opt *const tables[] = { options, common, NULL };

#define ANYWHERE SIZE_MAX
enum { ARGS_MAX = 12 };

struct opt_case {
	const char *args[ARGS_MAX];
	size_t limit;
	const char *want; /* what was understood, or the error with a ! before it */
};

/* Only what differs from the beginning is told, in the order of the table, then the plain words. */
static void tell(struct buf *b, char **words)
{
	if (got.bundle)
		buf_addf(b, "bundle=%s ", got.bundle);
	if (got.detach)
		buf_adds(b, "detach ");
	for (size_t i = 0; i < got.env.n; i++)
		buf_addf(b, "env=%s ", got.env.v[i]);
	if (got.format)
		buf_addf(b, "format=%d ", got.format);
	if (got.pid_file)
		buf_addf(b, "pid-file=%s ", got.pid_file);
	if (got.pidfd_socket)
		buf_addf(b, "pidfd-socket=%s ", got.pidfd_socket);
	if (got.fds)
		buf_addf(b, "fds=%d ", got.fds);
	if (got.tty)
		buf_adds(b, "tty ");
	if (got.quiet)
		buf_adds(b, "quiet ");
	buf_adds(b, "|");
	for (; *words; words++)
		buf_addf(b, " %s", *words);
}

static void try_case(const struct opt_case *c)
{
	AUTO(buf_done) struct buf b = { 0 };
	char *args[ARGS_MAX + 1] = { NULL };
	struct masu_error err = { 0 };
	int r;

	memset(&got, 0, sizeof(got));
	/* strings of argv are never written to */
	for (size_t i = 0; i < ARGS_MAX && c->args[i]; i++)
		args[i] = (char *)(uintptr_t)c->args[i];
	r = opt_parse(args, tables, c->limit, &err);
	if (r < 0) {
		CHECK_INT(r, -EINVAL);
		CHECK_INT(err.code, EINVAL);
		buf_addf(&b, "!%s", err.text);
	} else {
		for (int i = 0; i < r; i++)
			CHECK(args[i] != NULL);
		CHECK(args[r] == NULL);
		tell(&b, args);
	}
	CHECK_STR(b.data, c->want);
	free(got.env.v);
}

static void try_all(const struct opt_case *cases, size_t len)
{
	for (size_t i = 0; i < len; i++)
		try_case(&cases[i]);
}

TEST(values)
{
	static const struct opt_case cases[] = {
		{ { NULL }, ANYWHERE, "|" },
		{ { "--bundle", "/b", "id" }, ANYWHERE, "bundle=/b | id" },
		{ { "--bundle=/b", "id" }, ANYWHERE, "bundle=/b | id" },
		{ { "--bundle=", "id" }, ANYWHERE, "bundle= | id" },
		{ { "--bundle", "", "id" }, ANYWHERE, "bundle= | id" },
		{ { "--bundle=a=b" }, ANYWHERE, "bundle=a=b |" },
		{ { "--bundle", "--detach" }, ANYWHERE, "bundle=--detach |" },
		{ { "--bundle", "--", "id" }, ANYWHERE, "bundle=-- | id" },
		{ { "--bundle=-", "-" }, ANYWHERE, "bundle=- | -" },
		{ { "-b", "/b", "id" }, ANYWHERE, "bundle=/b | id" },
		{ { "-b/b", "id" }, ANYWHERE, "bundle=/b | id" },
		{ { "-b=/b", "id" }, ANYWHERE, "bundle=/b | id" },
		{ { "-bundle", "/b", "id" }, ANYWHERE, "bundle=/b | id" },
		{ { "-bundle=/b", "id" }, ANYWHERE, "bundle=/b | id" },
		{ { "--bundle", "a", "--bundle=b", "-b", "c" }, ANYWHERE, "bundle=c |" },
		{ { "--bundle" }, ANYWHERE, "!flag needs an argument: --bundle" },
		{ { "-b" }, ANYWHERE, "!flag needs an argument: --bundle" },
		{ { "id", "-bundle" }, ANYWHERE, "!flag needs an argument: --bundle" },
	};
	try_all(cases, ARRAY_SIZE(cases));
}

TEST(flags)
{
	static const struct opt_case cases[] = {
		{ { "--detach" }, ANYWHERE, "detach |" },
		{ { "-detach" }, ANYWHERE, "detach |" },
		{ { "-d" }, ANYWHERE, "detach |" },
		{ { "--detach=true" }, ANYWHERE, "detach |" },
		{ { "--detach=1" }, ANYWHERE, "detach |" },
		{ { "--detach=T" }, ANYWHERE, "detach |" },
		{ { "-d=true" }, ANYWHERE, "detach |" },
		{ { "--detach", "--detach=false" }, ANYWHERE, "|" },
		{ { "--detach=FALSE" }, ANYWHERE, "|" },
		{ { "--detach", "-d=0" }, ANYWHERE, "|" },
		{ { "--tty=no", "--detach=f" }, ANYWHERE, "|" },
		{ { "--detach", "false" }, ANYWHERE, "detach | false" },
		{ { "--detach=maybe" }, ANYWHERE, "!option `--detach`: `maybe`: expected true or false" },
		{ { "--detach=" }, ANYWHERE, "!option `--detach`: ``: expected true or false" },
		{ { "-Q" }, ANYWHERE, "quiet |" },
	};
	try_all(cases, ARRAY_SIZE(cases));
}

TEST(clusters)
{
	static const struct opt_case cases[] = {
		{ { "-dt" }, ANYWHERE, "detach tty |" },
		{ { "-td", "id" }, ANYWHERE, "detach tty | id" },
		{ { "-dtb", "/b" }, ANYWHERE, "bundle=/b detach tty |" },
		{ { "-dtb/b" }, ANYWHERE, "bundle=/b detach tty |" },
		{ { "-dt=false" }, ANYWHERE, "detach |" },
		{ { "-dx" }, ANYWHERE, "!unknown option `-x` in `-dx`" },
		{ { "-x" }, ANYWHERE, "!unknown option `-x`" },
		{ { "-9" }, ANYWHERE, "!unknown option `-9`" },
		{ { "-db" }, ANYWHERE, "!flag needs an argument: --bundle" },
	};
	try_all(cases, ARRAY_SIZE(cases));
}

TEST(abbreviations)
{
	static const struct opt_case cases[] = {
		{ { "--bun", "/b" }, ANYWHERE, "bundle=/b |" },
		{ { "--pid-f", "f" }, ANYWHERE, "pid-file=f |" },
		{ { "--pid-f=f", "--pidf=s" }, ANYWHERE, "pid-file=f pidfd-socket=s |" },
		{ { "--pid", "f" }, ANYWHERE, "!option `--pid` is ambiguous: --pid-file, --pidfd-socket" },
		/* one option with two letters */
		{ { "--qui" }, ANYWHERE, "quiet |" },
		{ { "--det=false", "--tt" }, ANYWHERE, "tty |" },
		{ { "--bundles", "x" }, ANYWHERE, "!unknown option `--bundles`" },
		{ { "--nothing=x" }, ANYWHERE, "!unknown option `--nothing`" },
		{ { "--=x" }, ANYWHERE, "!unknown option `--`" },
		/* one dash: letters, not a beginning */
		{ { "-bun" }, ANYWHERE, "bundle=un |" },
		{ { "-detac" }, ANYWHERE, "detach env=tac |" },
	};
	try_all(cases, ARRAY_SIZE(cases));
}

TEST(lists)
{
	static const struct opt_case cases[] = {
		{ { "-e", "A=1" }, ANYWHERE, "env=A=1 |" },
		{ { "--env=A=1", "-e", "B=2", "-env", "C=3", "-eD=4", "-e=E=5" },
		  ANYWHERE,
		  "env=A=1 env=B=2 env=C=3 env=D=4 env=E=5 |" },
		{ { "--env", "A=1", "--env", "A=1" }, ANYWHERE, "env=A=1 env=A=1 |" },
		{ { "--env", "--env" }, ANYWHERE, "env=--env |" },
		{ { "--env" }, ANYWHERE, "!flag needs an argument: --env" },
	};
	try_all(cases, ARRAY_SIZE(cases));
}

TEST(words_and_numbers)
{
	static const struct opt_case cases[] = {
		{ { "--format", "json" }, ANYWHERE, "format=1 |" },
		{ { "--format=js" }, ANYWHERE, "format=1 |" },
		{ { "--format=JSON" }, ANYWHERE, "format=1 |" },
		{ { "--format=xml", "--format=text" }, ANYWHERE, "|" },
		{ { "--format=yaml" },
		  ANYWHERE,
		  "!option `--format`: unknown format `yaml`: expected one of text, json, xml" },
		{ { "--preserve-fds", "3" }, ANYWHERE, "fds=3 |" },
		{ { "--preserve-fds=1048576" }, ANYWHERE, "fds=1048576 |" },
		{ { "--preserve-fds=1048577" },
		  ANYWHERE,
		  "!option `--preserve-fds`: `1048577`: expected a number from 0 to 1048576" },
		{ { "--preserve-fds", "-1" },
		  ANYWHERE,
		  "!option `--preserve-fds`: `-1`: expected a number from 0 to 1048576" },
		{ { "--preserve-fds=" },
		  ANYWHERE,
		  "!option `--preserve-fds`: ``: expected a number from 0 to 1048576" },
		{ { "--preserve-fds=3x" },
		  ANYWHERE,
		  "!option `--preserve-fds`: `3x`: expected a number from 0 to 1048576" },
		{ { "--preserve-fds=18446744073709551616" },
		  ANYWHERE,
		  "!option `--preserve-fds`: `18446744073709551616`: expected a number from 0 to 1048576" },
	};
	try_all(cases, ARRAY_SIZE(cases));
}

TEST(order)
{
	static const struct opt_case cases[] = {
		{ { "id", "--detach", "SIG", "-b", "x" }, ANYWHERE, "bundle=x detach | id SIG" },
		{ { "-d", "--", "-t", "--bundle", "--" }, ANYWHERE, "detach | -t --bundle --" },
		{ { "a", "--", "b", "-d" }, ANYWHERE, "| a b -d" },
		{ { "-", "-d", "" }, ANYWHERE, "detach | - " },
		/* what stands before a command */
		{ { "-d", "create", "-t", "--bundle" }, 0, "detach | create -t --bundle" },
		{ { "--", "-d" }, 0, "| -d" },
		/* exec: the word behind the id starts a foreign command line */
		{ { "-d", "id", "-t", "sh", "-c", "x", "--detach=no", "--" },
		  1,
		  "detach tty | id sh -c x --detach=no --" },
		{ { "id", "--", "-x", "-d" }, 1, "| id -x -d" },
		{ { "id", "-d", "--", "sh", "--", "-t" }, 1, "detach | id sh -- -t" },
		{ { "--", "id", "sh", "-d" }, 1, "| id sh -d" },
		{ { "-p", "x" }, 1, "!unknown option `-p`" },
	};
	try_all(cases, ARRAY_SIZE(cases));
}

TEST(help_and_listing)
{
	AUTO(buf_done) struct buf b = { 0 };
	static const struct opt table[] = {
		OPT_TEXT('b', "bundle", "DIR", &got.bundle, "where"),
		OPT_QUIET(0, "secret", &got.quiet, ""),
		OPT_FLAG(0, "an-option-that-is-as-long-as-no-other", &got.tty, "long"),
		OPT_END,
	};

	opt_help(&b, table);
	CHECK_STR(b.data, "  -b, --bundle DIR            where\n"
			  "      --an-option-that-is-as-long-as-no-other\n"
			  "                              long\n");
	buf_done(&b);
	b = (struct buf){ 0 };
	opt_listing(&b, table);
	CHECK_STR(b.data, "option\tbundle\tb\tDIR\t-\twhere\n"
			  "option\tan-option-that-is-as-long-as-no-other\t-\t-\t-\tlong\n");
}

CHECK_MAIN();
