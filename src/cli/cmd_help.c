/* SPDX-License-Identifier: Apache-2.0 */
/* help: the texts of --help, --usage and --version, made from the tables. */
#include <string.h>

#include "base/cleanup.h"
#include "base/failpoint.h"
#include "base/mutation.h"
#include "cli/fail.h"
#include "cli/help.h"
#include "cli/out.h"

static struct {
	bool listing;
} given;

const struct opt cmd_help_options[] = {
	OPT_QUIET(0, "listing", &given.listing, ""),
	OPT_END,
};

void help_usage(struct buf *b, const struct command *command)
{
	if (!command)
		buf_adds(b, "usage: masu [OPTION]... COMMAND [ARGUMENT]...\n");
	else
		buf_addf(b, "usage: masu [OPTION]... %s%s%s\n", command->name, *command->synopsis ? " " : "",
			 command->synopsis);
}

static void help_program(struct buf *b, const struct program *p)
{
	help_usage(b, NULL);
	buf_adds(b, "\nRuns containers as the OCI runtime specification describes them.\n\ncommands:\n");
	for (size_t i = 0; i < p->commands_len; i++)
		buf_addf(b, "  %-12s%s\n", p->commands[i].name, p->commands[i].summary);
	buf_adds(b, "\noptions:\n");
	opt_help(b, p->options);
	opt_help(b, p->help_options);
	buf_adds(b, "\n`masu COMMAND --help` tells more of one command.\n");
}

void help_text(struct buf *b, const struct program *p, const struct command *command)
{
	if (!command) {
		help_program(b, p);
		return;
	}
	help_usage(b, command);
	buf_addf(b, "\n%s.\n", command->summary);
	if (command->more)
		buf_addf(b, "%s\n", command->more);
	buf_adds(b, "\noptions:\n");
	if (command->options)
		opt_help(b, command->options);
	opt_help(b, p->help_options);
}

void help_listing(struct buf *b, const struct program *p, const struct command *command)
{
	if (command) {
		if (command->options)
			opt_listing(b, command->options);
		opt_listing(b, p->help_options);
		return;
	}
	for (size_t i = 0; i < p->commands_len; i++)
		buf_addf(b, "command\t%s\t%s\t%s\n", p->commands[i].name,
			 *p->commands[i].synopsis ? p->commands[i].synopsis : "-", p->commands[i].summary);
	opt_listing(b, p->options);
	opt_listing(b, p->help_options);
}

/* What crun prints behind the version: where its state is, and what it was built with. The features document knows. */
static void help_version_crun(struct buf *b, struct program *p)
{
	AUTO(buf_done) struct buf features = { 0 };

	if (program_runtime(p, NULL) == 0)
		buf_addf(b, "rundir: %s\n", masu_runtime_root(p->rt));
	buf_addf(b, "spec: %s\n", masu_spec_version());
	(void)masu_features(out_collect, &features, NULL);
	buf_add(&features, "", 1);
	if (!features.error && strstr(features.data, "\"systemd\": true"))
		buf_adds(b, "+SYSTEMD ");
	buf_adds(b, "+SELINUX +APPARMOR +CAP +SECCOMP +EBPF");
	if (masu_has_criu())
		buf_adds(b, " +CRIU");
	buf_adds(b, " +JSON_C\n");
}

/* A link named like a peer answers in the peer's form; the number is masu's own. */
void help_version(struct buf *b, struct program *p)
{
	buf_addf(b, "%s version %s\n", p->name, masu_version());
	if (*masu_commit())
		buf_addf(b, "commit: %s\n", masu_commit());
	if (strcmp(p->name, "crun") == 0)
		help_version_crun(b, p);
	else
		buf_addf(b, "spec: %s\nlibseccomp: %s\n", masu_spec_version(), masu_libseccomp_version());
	if (FAILPOINT_BUILD)
		buf_adds(b, "failpoints: any step can be made to fail in this build, it is for tests only\n");
	if (MUTATION_BUILD)
		buf_adds(b, "mutations: published holes can be opened in this build, it is for tests only\n");
}

int cmd_help(struct program *p, char **args, int n_args, struct masu_error *err)
{
	const struct command *command = n_args ? program_command(p, args[0]) : NULL;
	AUTO(buf_done) struct buf b = { 0 };

	if (n_args && !command) {
		fail_topic(NULL);
		return fail_usage(err, "unknown command `%s`", args[0]);
	}
	if (given.listing)
		help_listing(&b, p, command);
	else
		help_text(&b, p, command);
	return out_buf(&b, err);
}
