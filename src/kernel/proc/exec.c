/* SPDX-License-Identifier: Apache-2.0 */
/* What execve gets and where the search for it leads. Error texts keep the words that engines look for: "executable file not
 * found in $PATH", "no such file or directory" (exit code 127), "permission denied", "is a directory" (126). */
#include "kernel/proc/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/inroot.h"
#include "base/mutation.h"
#include "base/sys.h"

#define EXEC_DEFAULT_PATH "/bin:/usr/bin" /* confstr(_CS_PATH), execvp's choice when there is no PATH */

#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif

/* ---- argv and envp ---- */

static int exec_strings(const struct flat *f, struct flat_arr arr, size_t room, struct arena *a, char ***ret,
			struct err *err)
{
	const struct flat_str *refs = flat_arr(f, arr, sizeof(*refs));
	char **v;

	/* before memory is asked for: a damaged count would ask for gigabytes */
	if (arr.count && !refs)
		return err_set(err, EPROTO, "build the program's arguments: the record is damaged");
	v = arena_new(a, char *, (size_t)arr.count + room + 1);
	if (!v)
		return err_set(err, ENOMEM, "build the program's arguments: out of memory");
	for (size_t i = 0; i < arr.count; i++) {
		const char *s = flat_str(f, refs[i]);

		if (!s)
			return err_set(err, EPROTO, "build the program's arguments: string %zu is damaged", i);
		v[i] = (char *)(uintptr_t)s;
	}
	*ret = v;
	return 0;
}

static const char *env_get(char *const *envp, const char *name)
{
	size_t len = strlen(name);

	for (; *envp; envp++)
		if (!strncmp(*envp, name, len) && (*envp)[len] == '=')
			return *envp + len + 1;
	return NULL;
}

/* ---- the search ---- */

/* 0, or why execve would not take it. The effective ids count, as they do for execve; the C library's own emulation of
 * AT_EACCESS asks with the real ones or forks. */
static int exec_probe(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return syscall(SYS_faccessat2, AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

static int exec_reason(const char *file, int code, struct err *err)
{
	switch (code) {
	case ENOENT:
		return err_set(err, code, "exec `%s`: no such file or directory", file);
	case ENOTDIR:
		return err_set(err, code, "exec `%s`: not a directory", file);
	case EISDIR:
		return err_set(err, EACCES, "exec `%s`: is a directory: permission denied", file);
	case EACCES:
		return err_set(err, code, "exec `%s`: permission denied", file);
	}
	return err_code(err, -code, "exec `%s`", file);
}

/* These say "not here" to execvp; others end the search. */
static bool exec_goes_on(int code)
{
	return code == ENOENT || code == ENOTDIR || code == EACCES || code == EISDIR || code == ESTALE ||
	       code == ENODEV || code == ETIMEDOUT || code == ELOOP || code == ENAMETOOLONG;
}

int exec_find(const char *file, const char *path_env, struct arena *a, const char **ret, struct err *err)
{
	const char *at = path_env ? path_env : EXEC_DEFAULT_PATH;
	bool denied = false;

	if (!*file)
		return err_set(err, ENOENT, "exec ``: executable file not found in $PATH: the name is empty");
	if (strchr(file, '/')) {
		int r = exec_probe(file);

		*ret = file;
		return r < 0 ? exec_reason(file, -r, err) : 0;
	}
	for (;;) {
		size_t len = strcspn(at, ":");
		/* an empty element is the working directory */
		char *path = arena_printf(a, "%.*s%s%s", (int)len, at, len ? "/" : "", file);
		int r = path ? exec_probe(path) : -ENOMEM;

		if (r == 0) {
			*ret = path;
			return 0;
		}
		if (!exec_goes_on(-r))
			return exec_reason(file, -r, err);
		denied |= r == -EACCES;
		if (!at[len])
			break;
		at += len + 1;
	}
	if (denied)
		return exec_reason(file, EACCES, err);
	return err_set(err, ENOENT, "exec `%s`: executable file not found in $PATH", file);
}

int exec_prepare(const struct flat *f, const struct process_plan *p, struct arena *a, struct exec_image *ret,
		 struct err *err)
{
	struct exec_image img = { 0 };
	int r = exec_strings(f, p->args, 0, a, &img.argv, err);

	if (r >= 0)
		r = exec_strings(f, p->env, 1, a, &img.envp, err);
	if (r < 0)
		return r;
	if (!p->args.count)
		return err_set(err, EPROTO, "exec: there is no program in the record");
	if (p->listen_fds) { /* sd_listen_fds(3) wants the pid of the receiver, as it sees itself */
		img.envp[p->env.count] = arena_printf(a, "LISTEN_PID=%d", (int)getpid());
		if (!img.envp[p->env.count])
			return err_set(err, ENOMEM, "build the program's environment: out of memory");
	}
	r = exec_find(img.argv[0], env_get(img.envp, "PATH"), a, &img.path, err);
	if (r < 0)
		return r;
	*ret = img;
	return 0;
}

int exec_error(const struct exec_image *img, int code, struct err *err)
{
	int r;

	if (code != ENOENT)
		return exec_reason(img->path, code, err);
	/* the file was found before, so it is what the file needs that is not there */
	r = err_set(err, ENOENT, "exec `%s`: no such file or directory", img->path);
	err_hint(err, "the file is there: its interpreter (#! line or dynamic loader) is missing in the container");
	return r;
}

/* ---- the working directory ---- */

int exec_cwd_enter(int root_fd, const struct flat *f, const struct process_plan *p, bool as_user, bool *ret_again,
		   struct err *err)
{
	const char *cwd = flat_str(f, p->cwd);
	autoclose int fd = -EBADF;
	int r;

	if (!cwd || *cwd != '/')
		return err_set(err, EPROTO, "enter the working directory: the record is damaged");
	if (ret_again)
		*ret_again = false;
	if (MUTATION(A19))
		return chdir(cwd) < 0 ? err_sys(err, "enter working directory `%s`", cwd) : 0;
	r = fd = as_user ? inroot_open(root_fd, cwd, O_PATH | O_DIRECTORY, 0)
			 : inroot_mkdir_p(root_fd, cwd, 0755, p->user.uid, p->user.gid, NULL);
	if (fd >= 0)
		r = fchdir(fd) < 0 ? -errno : 0;
	if (r == 0)
		return 0;
	if (!as_user && ret_again && (r == -EACCES || r == -EPERM)) {
		*ret_again = true;
		return 0;
	}
	err_pointer(err, "/process/cwd");
	return err_code(err, r, "enter working directory `%s`", cwd);
}

int exec_cwd_verify(struct err *err)
{
	char path[4096];
	long n = sys_getcwd_raw(path, sizeof(path));

	if (n < 0) /* ENOENT: it was removed; ERANGE: nobody can say where it is */
		return err_sys(err, "verify the working directory");
	if (path[0] != '/' && !MUTATION(A19))
		return err_set(err, EPERM, "verify the working directory: it is outside of the container");
	return 0;
}

/* ---- file descriptors ---- */

int exec_pass_fds(unsigned n, struct err *err)
{
	for (unsigned i = 0; i < n; i++) {
		int r = fd_set_cloexec((int)(3 + i), false);

		if (r < 0)
			return err_code(err, r, "pass file descriptor %u", 3 + i);
	}
	return 0;
}

int exec_close_fds(unsigned first, const int *keep, size_t n_keep, struct err *err)
{
	unsigned kept[8];
	size_t n = 0;

	if (MUTATION(FDS))
		return 0;
	if (n_keep > sizeof(kept) / sizeof(kept[0]))
		return err_set(err, EINVAL, "close file descriptors: too many to keep");
	for (size_t i = 0; i < n_keep; i++) { /* sorted by insertion */
		size_t at = n;

		if (keep[i] < 0 || (unsigned)keep[i] < first)
			continue;
		for (; at && kept[at - 1] > (unsigned)keep[i]; at--)
			kept[at] = kept[at - 1];
		kept[at] = (unsigned)keep[i];
		n++;
	}
	for (size_t i = 0; i <= n; i++) {
		unsigned last = i < n ? kept[i] - 1 : ~0u;

		if ((i == n || kept[i] > first) && first <= last && sys_close_range(first, last, 0) < 0)
			return err_sys(err, "close file descriptors from %u", first);
		first = i < n ? kept[i] + 1 : first;
	}
	return 0;
}
