/* SPDX-License-Identifier: Apache-2.0 */
/* The public face of libmasu: what `src/cli` and other programs may use.
 *
 * Conventions: every function returns 0 (or a documented value) or a negative errno; details go to the caller-owned
 * struct masu_error (NULL is allowed). Documents cross the border as JSON bytes. Strings passed in are borrowed for the call.
 * The library is for single-threaded processes: creating a container clones the caller.
 *
 * Option structs start with their own size and grow at the end only; zero is the default of each member, and NULL stands for a
 * struct of zeros. A size of 0 is -EINVAL, a member that this library does not know yet is -E2BIG unless it is zero.
 * Flags that a call does not know are -EINVAL.
 *
 * Errors of all calls on a container: -EINVAL (the id is none, an option makes no sense), -ENOENT (there is no such container),
 * -EBUSY (it is being created, or another operation on it does not end in 10 s). Below stand those that a call has besides; any
 * other errno is that of the system call that failed, which the text names.
 */
#ifndef MASU_H
#define MASU_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What went wrong and where. code is a positive errno. */
struct masu_error {
	int code;
	char step[64];     /* the story step, e.g. "create: spawn init" */
	char pointer[192]; /* JSON pointer into the document */
	char hint[256];    /* one line of advice */
	char text[1024];
};

/* Receives output bytes; returns 0 or a negative errno that ends the output. */
typedef int masu_write_fn(void *arg, const char *data, size_t len);

/* Log lines: level 0 error, 1 warning, 2 info, 3 debug, 4 trace. */
typedef void masu_log_fn(void *arg, int level, const char *text);
void masu_set_log(masu_log_fn *fn, void *arg, int max_level);
/* One line of a JSON log and its newline, in one call of out: {"level","msg","time"} and, when err is not NULL, its
 * code (as "errno" by name too), step, pointer and hint as far as they are set. time is RFC 3339. */
int masu_format_log_json(const char *level, const char *msg, const char *time, const struct masu_error *err,
			 masu_write_fn *out, void *arg);

const char *masu_version(void);      /* "0.1.0" */
const char *masu_commit(void);       /* git describe at configure time, "" if unknown */
const char *masu_spec_version(void); /* "1.3.0" */
const char *masu_libseccomp_version(void);

enum masu_cgroup_manager { MASU_CGROUP_CGROUPFS = 0, MASU_CGROUP_SYSTEMD, MASU_CGROUP_DISABLED };
enum masu_rootless { MASU_ROOTLESS_AUTO = 0, MASU_ROOTLESS_TRUE, MASU_ROOTLESS_FALSE };

/* The state directory and what holds for all containers in it. */
struct masu_runtime;
struct masu_runtime_options {
	size_t size;
	/* State directory; NULL: /run/masu, or $XDG_RUNTIME_DIR/masu without root rights, and as root of a user namespace unless USER is
	 * root. */
	const char *root;
	int cgroup_manager; /* enum masu_cgroup_manager */
	int rootless;       /* enum masu_rootless */
	char *const *
		allowed_annotations; /* patterns of fnmatch(3) for annotations that give a container more than its document does;
					   * NULL or NULL-terminated */
};
int masu_runtime_new(const struct masu_runtime_options *o, struct masu_runtime **ret, struct masu_error *err);
void masu_runtime_free(struct masu_runtime *rt);
/* The absolute state directory (owned by rt). */
const char *masu_runtime_root(const struct masu_runtime *rt);

/* MASU_CREATE_*: create, run, plan, restore. MASU_RUN_*: run, restore; of them exec has MASU_RUN_DETACH. */
enum {
	MASU_CREATE_NO_PIVOT = 1 << 0,       /* chroot instead of pivot_root */
	MASU_CREATE_NO_NEW_KEYRING = 1 << 1, /* keep the caller's session keyring */
	MASU_RUN_DETACH = 1 << 2,            /* return after the start */
	MASU_RUN_KEEP = 1 << 3,              /* do not delete after the end */
	MASU_RUN_NO_SUBREAPER = 1 << 4,      /* do not become a child subreaper */
	MASU_EXEC_IGNORE_PAUSED = 1 << 5     /* exec: also in a paused container */
};

struct masu_create_options {
	size_t size;
	const char *bundle;         /* NULL: the current directory */
	const char *config;         /* file name, relative to the bundle; NULL: config.json */
	const char *console_socket; /* AF_UNIX path that receives the terminal's master */
	const char *pidfd_socket;   /* AF_UNIX path that receives the init's pidfd */
	const char *pid_file;
	int preserve_fds;           /* fds 3 .. 3+n-1 (after LISTEN_FDS) stay open in the container */
	int listen_fds;             /* socket activation: fds 3 .. 3+n-1, LISTEN_FDS and LISTEN_PID=1 are set */
	const char *listen_fdnames; /* passed on as LISTEN_FDNAMES when not NULL */
	const char *notify_socket;  /* $NOTIFY_SOCKET of the caller, NULL when none */
	unsigned flags;             /* MASU_CREATE_*, for some calls MASU_RUN_* */
	int plan_cgroups;           /* masu_plan only: enum masu_plan_cgroups */
};
/* -EEXIST: the id is taken. -EINVAL: the document is wrong, pointer says where. -EOPNOTSUPP: it has a property that this host or
 * this version cannot give it. -ECANCELED: a hook failed. On error nothing is left. */
int masu_create(struct masu_runtime *rt, const char *id, const struct masu_create_options *o, struct masu_error *err);
struct masu_start_options {
	size_t size;
	/* $NOTIFY_SOCKET of the caller, NULL when none. A container that was created with one then has to say READY=1 (or end) before
	 * the call returns. */
	const char *notify_socket;
};
/* -EINVAL: it has been started before, or its document has no process. -ECANCELED: a hook failed; then, as when the program cannot be
 * executed (its errno), it does not run. */
int masu_start(struct masu_runtime *rt, const char *id, const struct masu_start_options *o, struct masu_error *err);
/* create + start; in the foreground it waits, forwards signals and the terminal and then deletes.
 * Returns the exit code 0..255 (128 + signal when killed), 0 when detached, or a negative errno: those of masu_create and
 * masu_start. */
int masu_run(struct masu_runtime *rt, const char *id, const struct masu_create_options *o, struct masu_error *err);

struct masu_exec_options {
	size_t size;
	const char
		*process_json; /* a whole process document; then the members below up to `cap` override it when set */
	size_t process_json_len;
	char *const *args; /* NULL-terminated; NULL with process_json */
	const char *cwd;
	char *const *env; /* KEY=VALUE to add or replace; NULL-terminated */
	const char *user; /* uid[:gid], numbers only */
	const uint32_t *additional_gids;
	size_t additional_gids_len;
	char *const *cap; /* capability names to add to bounding, effective, permitted; NULL-terminated */
	const char *apparmor;
	const char *process_label;
	/* Path below the container's cgroup; or, on cgroup v1, lines CONTROLLER[,CONTROLLER]:PATH. */
	const char *cgroup;
	int tty;          /* 0: as the document says, 1: yes */
	int no_new_privs; /* 0: as the document says, 1: yes */
	int preserve_fds;
	int listen_fds;
	const char *listen_fdnames;
	const char *console_socket;
	const char *pidfd_socket;
	const char *pid_file;
	unsigned flags; /* MASU_RUN_DETACH, MASU_EXEC_IGNORE_PAUSED */
};
/* As masu_run: exit code of the process, 0 when detached, or a negative errno. -ESRCH: the container has stopped. -EBUSY: it is
 * paused. -EINVAL also: the process document is wrong. */
int masu_exec(struct masu_runtime *rt, const char *id, const struct masu_exec_options *o, struct masu_error *err);

enum { MASU_KILL_ALL = 1 << 0 }; /* every process of the container; no error when it has stopped already */
/* -ESRCH: it has stopped. */
int masu_kill(struct masu_runtime *rt, const char *id, int signal, unsigned flags, struct masu_error *err);
enum { MASU_DELETE_FORCE = 1 << 0 }; /* kills it first; no error when there is no such container */
/* -EBUSY: it has not stopped. */
int masu_delete(struct masu_runtime *rt, const char *id, unsigned flags, struct masu_error *err);

/* Stops and continues every process of a running container: -EINVAL in any other state, -EOPNOTSUPP without a cgroup. */
int masu_pause(struct masu_runtime *rt, const char *id, struct masu_error *err);
int masu_resume(struct masu_runtime *rt, const char *id, struct masu_error *err);

/* Mounts of a container that has not stopped. mounts_json is an array of mounts as in the document; add attaches all of them or none,
 * remove detaches what is mounted at their destinations, which must be named without symbolic links. File systems that show what
 * masks hide (proc, sysfs, cgroup) cannot be added, masks and read-only paths cannot be removed. Mount points that add makes stay. */
int masu_mounts_add(struct masu_runtime *rt, const char *id, const char *mounts_json, size_t len,
		    struct masu_error *err);
int masu_mounts_remove(struct masu_runtime *rt, const char *id, const char *mounts_json, size_t len,
		       struct masu_error *err);

/* A limit that is to be changed; one with set 0 stays as it is. */
struct masu_limit {
	int set;
	int64_t value;
};
struct masu_update_options {
	size_t size;
	const char *
		resources_json; /* a linux.resources document; properties that it does not have, or has with 0 where a limit
				     * cannot be 0, stay as they are */
	size_t resources_json_len;
	/* Single limits, named as in that document; they win over it. */
	struct masu_limit cpu_shares, cpu_period, cpu_quota, cpu_burst, cpu_idle, cpu_rt_period, cpu_rt_runtime;
	const char *cpuset_cpus, *cpuset_mems; /* NULL: as they are */
	struct masu_limit memory, memory_reservation, memory_swap, kernel_memory,
		kernel_memory_tcp;      /* bytes, -1: none */
	struct masu_limit pids;         /* -1: none */
	struct masu_limit blkio_weight; /* 10..1000 */
	/* Lines for the container's class of service (linux.intelRdt); NULL: as they are. Others in that class have them too. */
	const char *l3_cache_schema, *mem_bw_schema;
};
/* Changes limits of a container that has not stopped. Device rules change only when the document has them. When it fails in
 * the middle, the old values are written back, and the error says whether that worked. Neither `exec` nor the container's copy
 * of its document are changed by it. */
int masu_update(struct masu_runtime *rt, const char *id, const struct masu_update_options *o, struct masu_error *err);

/* C: of checkpoint, R: of restore. */
enum {
	MASU_CHECKPOINT_LEAVE_RUNNING = 1 << 0,      /* C */
	MASU_CHECKPOINT_PRE_DUMP = 1 << 1,           /* C: memory only; the container goes on */
	MASU_CHECKPOINT_TCP_ESTABLISHED = 1 << 2,    /* C R */
	MASU_CHECKPOINT_TCP_SKIP_IN_FLIGHT = 1 << 3, /* C */
	MASU_CHECKPOINT_TCP_CLOSE = 1 << 4,          /* R: connections are closed */
	MASU_CHECKPOINT_EXT_UNIX_SK = 1 << 5,        /* C R */
	MASU_CHECKPOINT_SHELL_JOB = 1 << 6,          /* C R */
	MASU_CHECKPOINT_FILE_LOCKS = 1 << 7,         /* C R */
	MASU_CHECKPOINT_LINK_REMAP = 1 << 8,         /* C */
	MASU_CHECKPOINT_AUTO_DEDUP = 1 << 9,         /* C R */
	MASU_CHECKPOINT_LAZY_PAGES = 1 << 10         /* C R */
};
struct masu_checkpoint_options {
	size_t size;
	const char *image_path;   /* directory of the images, made when it is not there; NULL: ./checkpoint */
	const char *work_path;    /* directory of criu's log; NULL: image_path */
	const char *parent_path;  /* images of an earlier pre-dump, relative to image_path */
	const char *page_server;  /* ADDRESS:PORT */
	const char *cgroups_mode; /* soft (NULL), full, strict or ignore; without a cgroup nothing but ignore */
	const char *network_lock; /* iptables, nftables or skip; NULL: what criu prefers */
	char *const *empty_ns;    /* NULL-terminated; "network" */
	int status_fd;  /* > 0: gets a zero byte when pages can be asked for, for lazy pages only; stays the caller's */
	unsigned flags; /* MASU_CHECKPOINT_* */
};
/* Saves a running or paused container by criu. Then it is deleted, unless it was to be left running. -EINVAL: it is neither.
 * -EOPNOTSUPP: it has something that criu cannot save, or this build is without criu. -EPERM: criu needs the rights of root. -ESRCH: it
 * ended meanwhile. -EIO: criu failed for a reason of which only its log knows; then the container goes on. */
int masu_checkpoint(struct masu_runtime *rt, const char *id, const struct masu_checkpoint_options *o,
		    struct masu_error *err);

struct masu_restore_options {
	size_t size;
	/* bundle, config, console_socket, pidfd_socket, pid_file, and of flags MASU_RUN_* and MASU_CREATE_*; NULL: all zero */
	const struct masu_create_options *create;
	const char *image_path, *work_path, *cgroups_mode, *network_lock;
	char *const *empty_ns;
	const char *lsm_profile;       /* TYPE:LABEL instead of the saved one */
	const char *lsm_mount_context; /* the same for mounts */
	unsigned flags;                /* MASU_CHECKPOINT_* */
};
/* A container like that of masu_run, whose processes are those that were saved. Results as those of masu_run. -EPERM also: others than
 * root may write to the images, or what they brought back is less confined than the document says. -EOPNOTSUPP also: create asks for
 * descriptors or a notify socket, which are up to the images. -EIO: criu failed for a reason of which only its log knows. */
int masu_restore(struct masu_runtime *rt, const char *id, const struct masu_restore_options *o, struct masu_error *err);
/* 1 when this build can checkpoint and restore. */
int masu_has_criu(void);

/* Calls fn for each process of the container, by ascending id as the caller sees it. A negative result of fn ends it. */
typedef int masu_pid_fn(void *arg, pid_t pid);
int masu_ps(struct masu_runtime *rt, const char *id, masu_pid_fn *fn, void *arg, struct masu_error *err);

enum {
	MASU_EVENTS_ONCE = 1 << 0, /* the statistics of now, then return */
	MASU_EVENTS_ALL = 1 << 1   /* of every container that is running or paused at the call; ids is not looked at */
};
struct masu_events_options {
	size_t size;
	unsigned interval_ms; /* between two statistics of a container; 0: 5000 */
	unsigned flags;       /* MASU_EVENTS_* */
};
/* One JSON object and a newline per event and call of out: {"type":"stats","id":ID,"data":{...}} at once and after each
 * interval, {"type":"oom","id":ID} when the kernel ran out of a container's memory. Returns when all of them have ended.
 * ids is NULL-terminated. -ESRCH when one of them is not running. */
int masu_events(struct masu_runtime *rt, const char *const *ids, const struct masu_events_options *o,
		masu_write_fn *out, void *arg, struct masu_error *err);

/* The state document (pretty-printed JSON and a newline). A negative result of out is returned. */
int masu_state(struct masu_runtime *rt, const char *id, masu_write_fn *out, void *arg, struct masu_error *err);

/* One row of a listing; strings are valid during the callback only. */
struct masu_list_entry {
	size_t size;
	const char *id, *status, *bundle, *created, *owner;
	pid_t pid;
};
typedef int masu_list_fn(void *arg, const struct masu_list_entry *entry);
/* Calls fn for each container, sorted by id. Entries that cannot be read are logged and skipped, a state directory that is not there
 * is empty when it is the default one, else -ENOENT. A negative result of fn ends it and is returned. */
int masu_list(struct masu_runtime *rt, masu_list_fn *fn, void *arg, struct masu_error *err);
/* The same as a JSON array of state documents with `owner` filled; "[]" when there is none. */
int masu_list_json(struct masu_runtime *rt, masu_write_fn *out, void *arg, struct masu_error *err);

/* The template document for `spec`; rootless != 0 for one that needs no rights. */
int masu_spec(int rootless, masu_write_fn *out, void *arg, struct masu_error *err);
/* The features document. */
int masu_features(masu_write_fn *out, void *arg, struct masu_error *err);

enum masu_plan_format { MASU_PLAN_TEXT = 0 };
/* The host that is planned for: this one, or one with the usual mounts of a cgroup layout. */
enum masu_plan_cgroups {
	MASU_PLAN_CGROUPS_HOST = 0,
	MASU_PLAN_CGROUPS_V1,
	MASU_PLAN_CGROUPS_HYBRID,
	MASU_PLAN_CGROUPS_V2
};
/* The plan that create would carry out, without carrying it out; needs no rights. With the runtime option `rootless` true or
 * false it is the plan of a caller without or with rights, whatever the rights of this one are. Errors as those of masu_create,
 * without those of a host that changes. */
int masu_plan(struct masu_runtime *rt, const char *id, const struct masu_create_options *o, int format,
	      masu_write_fn *out, void *arg, struct masu_error *err);

#ifdef __cplusplus
}
#endif
#endif
