/* SPDX-License-Identifier: Apache-2.0 */
/* What a case prepares around its containers: files, mounts, namespaces held by a helper, a console's other end, commands of the host. */
#include "cases.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static void fail_unless(struct world *w, bool ok, const char *what, const char *name)
{
	if (!ok)
		problem(w, "preparing: %s %s: %s", what, name, strerror(errno));
}

/* {"source","target","type","flags":["bind","ro","rec","shared","private","slave","unbindable","nosuid","nodev","noexec"],"data"} */
static void mount_make(struct world *w, json *v)
{
	static const struct {
		const char *name;
		unsigned long flag;
	} flags[] = { { "bind", MS_BIND },
		      { "rec", MS_REC },
		      { "ro", MS_RDONLY },
		      { "shared", MS_SHARED },
		      { "private", MS_PRIVATE },
		      { "slave", MS_SLAVE },
		      { "unbindable", MS_UNBINDABLE },
		      { "nosuid", MS_NOSUID },
		      { "nodev", MS_NODEV },
		      { "noexec", MS_NOEXEC },
		      { "remount", MS_REMOUNT },
		      { "noatime", MS_NOATIME } };
	json *words = j_get(v, "flags");
	unsigned long set = 0;

	for (size_t i = 0; j_is(words, json_type_array) && i < json_object_array_length(words); i++)
		for (size_t k = 0; k < sizeof(flags) / sizeof(flags[0]); k++)
			if (!strcmp(flags[k].name, json_object_get_string(json_object_array_get_idx(words, i))))
				set |= flags[k].flag;
	make_dirs(j_str(v, "target", ""));
	fail_unless(w,
		    !mount(j_str(v, "source", "none"), j_str(v, "target", ""), j_str(v, "type", NULL), set,
			   j_str(v, "data", NULL)),
		    "mount", j_str(v, "target", ""));
	left_note(w);
}

/* {"name":"n","types":["net","uts"],"uid_map":"0 0 1","timens":"monotonic 10 0"}: a process that waits in new namespaces; ${n.net} is its link. */
static void namespace_make(struct world *w, json *v)
{
	static const struct {
		const char *name;
		unsigned long long flag;
	} kinds[] = { { "net", CLONE_NEWNET },       { "uts", CLONE_NEWUTS },  { "ipc", CLONE_NEWIPC },
		      { "pid", CLONE_NEWPID },       { "mnt", CLONE_NEWNS },   { "user", CLONE_NEWUSER },
		      { "cgroup", CLONE_NEWCGROUP }, { "time", CLONE_NEWTIME } };
	struct clone_args args = { .exit_signal = SIGCHLD };
	json *types = j_get(v, "types");
	const char *name = j_str(v, "name", "ns");
	pid_t pid;

	for (size_t i = 0; i < json_object_array_length(types); i++)
		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
			if (!strcmp(kinds[k].name, json_object_get_string(json_object_array_get_idx(types, i))))
				args.flags |= kinds[k].flag;
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0) {
		syscall(SYS_close_range, 0, ~0u, 0);
		for (;;)
			pause();
	}
	fail_unless(w, pid > 0, "make namespaces", name);
	if (pid < 0)
		return;
	w->helpers[w->helpers_len++] = pid;
	if (args.flags & CLONE_NEWUSER) {
		file_write(text_of("/proc/%d/setgroups", pid), j_str(v, "setgroups", "allow"), -1);
		fail_unless(w, file_write(text_of("/proc/%d/uid_map", pid), j_str(v, "uid_map", "0 100000 65536"), -1),
			    "map ids of", name);
		fail_unless(w, file_write(text_of("/proc/%d/gid_map", pid), j_str(v, "gid_map", "0 100000 65536"), -1),
			    "map ids of", name);
	}
	var_set(w, text_of("%s.pid", name), text_of("%d", pid));
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		var_set(w, text_of("%s.%s", name, kinds[k].name), text_of("/proc/%d/ns/%s", pid, kinds[k].name));
}

/* Takes the terminal that the runtime sends and copies what comes out of it to the file. */
static void console_serve(int listener, const char *out)
{
	char control[CMSG_SPACE(sizeof(int))], name[4096], buf[4096];
	struct iovec io = { name, sizeof(name) };
	struct msghdr m = {
		.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	int s = accept(listener, NULL, NULL), to = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0644), fd;
	ssize_t n;

	if (recvmsg(s, &m, 0) <= 0 || !CMSG_FIRSTHDR(&m))
		_exit(1);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	for (;;) {
		n = read(fd, buf, sizeof(buf));
		if (n < 0 && errno == EIO) {
			/* nobody has the other end open yet, or any more */
			usleep(20000);
			continue;
		}
		if (n <= 0 || write(to, buf, (size_t)n) < 0)
			_exit(0);
	}
}

static void console_make(struct world *w)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const char *out = text_of("%s/console.out", w->dir);
	pid_t pid;

	/* the runner keeps its paths short */
	strncpy(a.sun_path, text_of("%s/console.sock", w->dir), sizeof(a.sun_path) - 1);
	unlink(a.sun_path);
	if (bind(s, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(s, 1) < 0) {
		fail_unless(w, false, "listen at", a.sun_path);
		return;
	}
	pid = fork();
	if (pid == 0) {
		dup2(open("/dev/null", O_RDWR), 0);
		dup2(0, 1);
		dup2(0, 2);
		console_serve(s, out);
	}
	close(s);
	w->helpers[w->helpers_len++] = pid;
	var_set(w, "console", a.sun_path);
	var_set(w, "console.out", out);
}

static void command_make(struct world *w, json *v, json *step)
{
	char *argv[64] = { NULL };
	json *doc;

	for (size_t i = 0; i < json_object_array_length(v) && i < 63; i++)
		argv[i] = (char *)j_text(json_object_array_get_idx(v, i));
	if (j_true(step, "background")) {
		helper_start(w, argv);
		return;
	}
	doc = command_run(w, argv, j_get(step, "under"), "command", NULL);
	if (!j_has(step, "expect") && j_int(doc, "exit", -1))
		problem(w, "%s: exit %ld: %s", j_text(v), j_int(doc, "exit", -1), j_str(doc, "stderr", ""));
	expect(w, argv[0], doc, subst(w, j_get(step, "expect")));
}

bool around_step(struct world *w, const char *verb, json *v, json *step)
{
	if (!strcmp(verb, "files"))
		files_make(w, w->dir, v);
	else if (!strcmp(verb, "mount"))
		mount_make(w, v);
	else if (!strcmp(verb, "umount")) {
		fail_unless(w, !umount2(j_text(v), MNT_DETACH), "unmount", j_text(v));
		left_note(w);
	} else if (!strcmp(verb, "remove"))
		fail_unless(w, !remove(j_text(v)), "remove", j_text(v));
	else if (!strcmp(verb, "namespace"))
		namespace_make(w, v);
	else if (!strcmp(verb, "console"))
		console_make(w);
	else if (!strcmp(verb, "agent"))
		agent_make(w, v);
	else if (!strcmp(verb, "command"))
		command_make(w, v, step);
	else if (!strcmp(verb, "sleep"))
		usleep((useconds_t)json_object_get_int(v) * 1000);
	else if (!strcmp(verb, "write"))
		fail_unless(w, file_write(j_text(v), j_str(step, "text", ""), -1), "write", j_text(v));
	else
		return false;
	return true;
}
