/* SPDX-License-Identifier: Apache-2.0 */
/* ps: the processes of a container, as numbers or as the host's ps(1) shows them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/child.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/sys.h"
#include "cli/command.h"
#include "cli/fail.h"
#include "cli/out.h"
#include "cli/ps_table.h"

#define PS_OUTPUT_MAX (64u << 20)

enum ps_format { PS_TABLE, PS_JSON };

static struct {
	int format;
} given;

static const struct word format_words[] = { { "table", PS_TABLE }, { "json", PS_JSON } };
static const struct vocab formats = { "format", format_words, ARRAY_SIZE(format_words) };

const struct opt cmd_ps_options[] = {
	OPT_WORD('f', "format", "FORMAT", &formats, &given.format, "table (default) or json"),
	OPT_END,
};

static int ps_add(void *arg, pid_t pid)
{
	return buf_add(arg, &pid, sizeof(pid));
}

static int ps_json(const struct buf *pids, struct buf *out)
{
	const pid_t *v = (const pid_t *)(const void *)pids->data;

	buf_adds(out, "[");
	for (size_t i = 0; i < pids->len / sizeof(*v); i++)
		buf_addf(out, "%s%d", i ? "," : "", (int)v[i]);
	return buf_adds(out, "]\n");
}

/* Not by $PATH: this runs with the caller's rights over the host. */
static const char *ps_program(void)
{
	static const char *const places[] = { "/usr/bin/ps", "/bin/ps", "/usr/local/bin/ps",
					      "/run/current-system/sw/bin/ps" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (access(places[i], X_OK) == 0)
			return places[i];
	return NULL;
}

/* Runs ps with its own words; args[0] is the id and makes room for the program's name. */
static int ps_run(char **args, int n_args, int out_fd, struct masu_error *err)
{
	static char name[] = "ps", everything[] = "-ef", locale[] = "LC_ALL=C.UTF-8";
	char *const usual[] = { name, everything, NULL };
	char *const env[] = { locale, NULL };
	const char *path = ps_program();
	struct err inner = { 0 };
	struct child_spec spec = {
		.path = path,
		.argv = n_args > 1 ? args : usual,
		.envp = env,
		.cwd_fd = -1,
		.out_fd = out_fd,
		.err_fd = STDERR_FILENO,
		.timeout_ms = -1,
	};
	int r;

	if (!path)
		return fail_set(err, ENOENT, "run `ps`: it is not in /usr/bin, /bin or /usr/local/bin");
	args[0] = name;
	r = child_run(&spec, &inner);
	if (r < 0)
		return fail_set(err, -r, "%s", inner.text);
	if (r > CHILD_SIGNALED)
		return fail_set(err, EINVAL, "run `%s`: killed by signal %d", path, r - CHILD_SIGNALED);
	return r > 0 ? fail_set(err, EINVAL, "run `%s`: exit code %d", path, r) : 0;
}

static int ps_table(char **args, int n_args, const struct buf *pids, struct buf *out, struct masu_error *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	autoclose int fd = sys_memfd_create("ps", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return fail_sys(err, errno, "make a place for the output of ps");
	r = ps_run(args, n_args, fd, err);
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return fail_sys(err, errno, "read the output of ps");
	r = io_read_all(fd, PS_OUTPUT_MAX, &text);
	if (r < 0)
		return fail_sys(err, -r, "read the output of ps");
	if (!text.len)
		return fail_set(err, EINVAL, "couldn't find PID field in ps output");
	return ps_table_filter(text.data, (const pid_t *)(const void *)pids->data, pids->len / sizeof(pid_t), out, err);
}

int cmd_ps(struct program *p, char **args, int n_args, struct masu_error *err)
{
	AUTO(buf_done) struct buf pids = { 0 };
	AUTO(buf_done) struct buf out = { 0 };
	int r;

	if (given.format == PS_JSON && n_args > 1)
		return fail_usage(err, "ps: arguments of ps are only for --format table");
	r = program_runtime(p, err);
	if (r == 0)
		r = masu_ps(p->rt, args[0], ps_add, &pids, err);
	if (r < 0)
		return r;
	r = given.format == PS_JSON ? ps_json(&pids, &out) : ps_table(args, n_args, &pids, &out, err);
	return r < 0 ? r : out_buf(&out, err);
}
