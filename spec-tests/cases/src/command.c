/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a program under the circumstances a case asks for, with its streams in files (a container keeps them open) and a time limit. */
#include "cases.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void set_affinity(const char *cpus)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (char *p = (char *)cpus; *p; p += *p == ',')
		CPU_SET((size_t)strtoul(p, &p, 10), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* The system calls that a kernel may be without, as "deny" names them. */
static void deny_call(const char *name)
{
	static const struct {
		const char *name;
		unsigned nr;
	} calls[] = {
		{ "mount_setattr", 442 }, { "openat2", 437 }, { "clone3", 435 }, { "set_mempolicy", SYS_set_mempolicy }
	};
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (!strcmp(calls[i].name, name)) {
			code[1].k = calls[i].nr;
			if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0)
				return;
		}
	dprintf(2, "cases: deny %s: not possible\n", name);
	_exit(126);
}

/* {"umask":"077","oom_score_adj":300,"nice":5,"env":{},"cwd":"/","fds":2,"uid":1000,"affinity":"0","stdin":"text","deny":["CALL"]} */
static void circumstances(struct world *w, json *under, const char *in)
{
	json *env = j_get(under, "env"), *deny = j_get(under, "deny");
	uid_t uid = (uid_t)j_int(under, "uid", 0);

	if (j_has(under, "umask"))
		umask((mode_t)strtoul(j_str(under, "umask", "22"), NULL, 8));
	if (j_has(under, "oom_score_adj"))
		file_write("/proc/self/oom_score_adj", text_of("%ld", j_int(under, "oom_score_adj", 0)), -1);
	if (j_has(under, "nice"))
		setpriority(PRIO_PROCESS, 0, (int)j_int(under, "nice", 0));
	if (j_has(under, "affinity"))
		set_affinity(j_str(under, "affinity", "0"));
	if (j_has(under, "stdin")) {
		file_write(in, j_str(under, "stdin", ""), 0644);
		dup2(open(in, O_RDONLY | O_CLOEXEC), 0);
	}
	/* descriptors that a careless caller leaves open: 3, 4 … */
	for (long i = 0; i < j_int(under, "fds", 0); i++)
		dup2(open("/", O_RDONLY | O_DIRECTORY), (int)i + 3);
	if (j_is(env, json_type_object)) {
		json_object_object_foreach(env, name, value)
		{
			setenv(name, j_text(value), 1);
		}
	}
	if (chdir(j_str(under, "cwd", w->dir)) < 0)
		_exit(126);
	for (size_t i = 0; j_is(deny, json_type_array) && i < json_object_array_length(deny); i++)
		deny_call(j_text(json_object_array_get_idx(deny, i)));
	if (uid && (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0))
		_exit(126);
}

/* One of our own: runtimes give it to a container's user. */
static const char *null_device(void)
{
	const char *own = text_of("%s/null", setup.top);
	int fd;

	if (mknod(own, S_IFCHR | 0666, makedev(1, 3)) == 0)
		chmod(own, 0666);
	fd = open(own, O_RDWR);
	close(fd);
	return fd >= 0 ? own : "/dev/null"; /* a file system may be without devices */
}

static void child(struct world *w, char **argv, json *under, const char *out, const char *err, const char *in)
{
	sigset_t none;

	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(open(null_device(), O_RDONLY), 0);
	dup2(open(out, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0666), 1);
	dup2(open(err, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0666), 2);
	syscall(SYS_close_range, 3, ~0u, 0);
	circumstances(w, under, in);
	execvpe(argv[0], argv, environ);
	dprintf(2, "cases: execute %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static int wait_in_time(pid_t pid, int seconds)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0), st = 0;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, seconds * 1000) == 0) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
		waitpid(pid, &st, 0);
		close(fd);
		return -1;
	}
	close(fd);
	waitpid(pid, &st, 0);
	return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}

json *command_run(struct world *w, char **argv, json *under, const char *tag, struct done *done)
{
	char *base = text_of("%s/%d.%s", w->dir, ++w->steps, tag), *out = text_of("%s.out", base),
	     *err = text_of("%s.err", base);
	json *doc = json_object_new_object(), *facts;
	struct done local;
	pid_t pid = fork();

	done = done ? done : &local;
	if (pid == 0)
		child(w, argv, under, out, err, text_of("%s.in", base));
	setpgid(pid, pid);
	done->status = wait_in_time(pid, (int)j_int(under, "timeout", 20));
	done->out = file_text(out);
	done->err = file_text(err);
	done->out = done->out ? done->out : strdup("");
	done->err = done->err ? done->err : strdup("");
	if (setup.verbose) {
		fprintf(stderr, "#");
		for (char **a = argv; *a; a++)
			fprintf(stderr, " %s", *a);
		fprintf(stderr, "\n# -> %d %s%s\n", done->status, done->out, done->err);
	}
	facts = *done->out == '{' ? j_parse(done->out) : NULL;
	if (j_is(facts, json_type_object))
		doc = facts;
	json_object_object_add(doc, "exit", json_object_new_int(done->status));
	json_object_object_add(doc, "stdout", json_object_new_string(done->out));
	json_object_object_add(doc, "stderr", json_object_new_string(done->err));
	var_set(w, "out", out);
	return doc;
}

pid_t helper_start(struct world *w, char **argv)
{
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		dup2(open("/dev/null", O_RDWR), 0);
		dup2(0, 1);
		syscall(SYS_close_range, 3, ~0u, 0);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (w->helpers_len < (int)(sizeof(w->helpers) / sizeof(w->helpers[0])))
		w->helpers[w->helpers_len++] = pid;
	return pid;
}
