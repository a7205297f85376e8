/* SPDX-License-Identifier: Apache-2.0 */
/* What criu is asked to do, as plain data: filled by checkpoint_plan.c, criu_mounts.c and the stories, carried out by criu.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum criu_kind { CRIU_DUMP, CRIU_PRE_DUMP, CRIU_RESTORE };

enum criu_flags {
	CRIU_LEAVE_RUNNING = 1 << 0,
	CRIU_TCP_ESTABLISHED = 1 << 1,
	CRIU_TCP_SKIP_IN_FLIGHT = 1 << 2,
	CRIU_TCP_CLOSE = 1 << 3,
	CRIU_EXT_UNIX_SK = 1 << 4,
	CRIU_SHELL_JOB = 1 << 5,
	CRIU_FILE_LOCKS = 1 << 6,
	CRIU_LINK_REMAP = 1 << 7,
	CRIU_AUTO_DEDUP = 1 << 8,
	CRIU_TRACK_MEM = 1 << 9,
	CRIU_EVASIVE_DEVICES = 1 << 10,
	CRIU_ORPHAN_PTS_MASTER = 1 << 11,
	CRIU_LAZY_PAGES = 1 << 12, /* libcriu has no call for these two: by a configuration file */
	CRIU_EMPTY_NETWORK = 1 << 13,
};

/* Numbers of enum criu_cg_mode, which is part of libcriu's interface. */
enum criu_cgroups { CRIU_CGROUPS_IGNORE = 0, CRIU_CGROUPS_SOFT = 3, CRIU_CGROUPS_FULL = 4, CRIU_CGROUPS_STRICT = 5 };
/* As enum criu_network_lock_method; 0: criu's default. */
enum criu_network_lock { CRIU_LOCK_DEFAULT = 0, CRIU_LOCK_IPTABLES, CRIU_LOCK_NFTABLES, CRIU_LOCK_SKIP };

struct criu_pair { /* a mount of the outside: on dump mount point and name, on restore name and source */
	const char *key, *value;
};
struct criu_fd { /* a descriptor of ours that takes the place of the object called key */
	const char *key;
	int fd;
};
struct criu_join { /* a namespace that is entered, not restored: "ipc", path */
	const char *kind, *path;
};

struct criu_request {
	struct arena arena; /* of all strings */
	enum criu_kind kind;
	unsigned flags;
	pid_t pid;               /* dump: the container's first process */
	int images_fd, work_fd;  /* work_fd -1: logs go to the images */
	const char *log_file;    /* a name in that directory */
	const char *root;        /* host path of the root file system */
	const char *parent;      /* of an incremental dump, relative to the images */
	const char *page_server; /* address */
	int page_server_port;
	int cgroups;               /* enum criu_cgroups */
	int network_lock;          /* enum criu_network_lock */
	const char *freeze_cgroup; /* host directory of the cgroup that criu may freeze */
	const char *cgroup_root;   /* restore: where the processes go, below each hierarchy's root */
	const char *lsm_profile, *lsm_mount_context;
	const char *config_file; /* of criu, NULL: none but criu's own */
	struct buf mounts;       /* struct criu_pair */
	struct buf externals;    /* const char *: "net[4026531992]:extRootNetNS" */
	struct buf fds;          /* struct criu_fd */
	struct buf joins;        /* struct criu_join */
};
#define CRIU_REQUEST_INIT                      \
	{                                      \
		.images_fd = -1, .work_fd = -1 \
	}

/* Names that runc and crun give to the namespaces of the outside; images are exchanged with them. */
#define CRIU_KEY_NET "extRootNetNS"
#define CRIU_KEY_PID "extRootPidNS"
#define CRIU_MASK "/dev/null" /* name of what hides a file */

/* Copy their strings. The same mount point twice is entered once. -ENOMEM. */
int criu_add_mount(struct criu_request *q, const char *key, const char *value);
int criu_add_external(struct criu_request *q, const char *external);
int criu_add_fd(struct criu_request *q, const char *key, int fd);
int criu_add_join(struct criu_request *q, const char *kind, const char *path);
/* One stable line per decision. */
void criu_request_print(const struct criu_request *q, struct buf *out);
/* Lines of a criu configuration file with what libcriu has no calls for; has_empty_ns: it has that one. */
void criu_request_config(const struct criu_request *q, bool has_empty_ns, struct buf *out);
void criu_request_done(struct criu_request *q);

/* The first line of a criu log that says Error, without time stamp and process id, cut to len. False when there is none. */
bool criu_log_first_error(const char *log, char *out, size_t len);
/* "ADDRESS:PORT" or "[v6]:PORT" into address (arena) and port. -EINVAL with a text. */
int criu_parse_page_server(struct arena *a, const char *text, const char **address, int *port, struct err *err);
