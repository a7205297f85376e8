/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of --help, --usage and --version, made from the tables. */
#pragma once

#include "base/buf.h"
#include "cli/command.h"

/* command NULL: of the program. */
void help_usage(struct buf *b, const struct command *command);
void help_text(struct buf *b, const struct program *p, const struct command *command);
/* Tab-separated rows for completions: commands with their summaries, or options. */
void help_listing(struct buf *b, const struct program *p, const struct command *command);
void help_version(struct buf *b, struct program *p);
