/* SPDX-License-Identifier: Apache-2.0 */
/* What create, run, plan and restore are told alike: the document, where files and sockets are, how long the caller stays. */
#pragma once

#include "cli/opt.h"
#include "masu/masu.h"

struct create_given {
	const char *bundle, *config, *console_socket, *pidfd_socket, *pid_file;
	unsigned flags; /* MASU_CREATE_*, MASU_RUN_* */
};

#define CREATE_ROWS_DOCUMENT(g)                                                                         \
	OPT_TEXT('b', "bundle", "DIR", &(g).bundle, "directory of the container's files (default: .)"), \
		OPT_TEXT('f', "config", "FILE", &(g).config, "document in the bundle (default: config.json)")

#define CREATE_ROWS_KEYRING(g) \
	OPT_BITS(0, "no-new-keyring", &(g).flags, MASU_CREATE_NO_NEW_KEYRING, "keep the session keyring of the caller")

#define CREATE_ROWS_FILES(g)                                                                             \
	OPT_TEXT(0, "console-socket", "PATH", &(g).console_socket, "socket that receives the terminal"), \
		OPT_TEXT(0, "pidfd-socket", "PATH", &(g).pidfd_socket,                                   \
			 "socket that receives a pidfd of the container"),                               \
		OPT_TEXT(0, "pid-file", "FILE", &(g).pid_file, "file to write the process id to")

#define CREATE_ROWS_RUN(g)                                                                                  \
	OPT_BITS('d', "detach", &(g).flags, MASU_RUN_DETACH, "return when the container runs"),             \
		OPT_BITS(0, "keep", &(g).flags, MASU_RUN_KEEP, "do not delete the container when it ends"), \
		OPT_BITS(0, "no-subreaper", &(g).flags, MASU_RUN_NO_SUBREAPER,                              \
			 "leave orphans of the container to the caller")

/* The members of *o that are in *g; the others are zeroed. */
void create_given_fill(const struct create_given *g, struct masu_create_options *o);
