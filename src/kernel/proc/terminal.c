/* SPDX-License-Identifier: Apache-2.0 */
/* A pty from the container's devpts. The image and other containers may have put anything at /dev: only a file that is proven
 * to be the devpts' own ptmx is opened, and the slave comes from the master, never from a path. */
#include "kernel/proc/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/inroot.h"
#include "base/mutation.h"
#include "base/sys.h"
#include "base/unixsock.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif
#ifndef DEVPTS_SUPER_MAGIC
#define DEVPTS_SUPER_MAGIC 0x1cd1
#endif

#define PTMX_MAJOR 5
#define PTMX_MINOR 2
#define PTS_MAJOR 136

/* Inside a verified devpts a process cannot make files, and NO_XDEV keeps out what was mounted over ptmx: the name can only be
 * the real one. O_NONBLOCK in case it is not. */
static int ptmx_open(int root_fd, struct err *err)
{
	struct sys_open_how how = {
		.flags = O_RDWR | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC,
		.resolve =
			SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_XDEV | SYS_RESOLVE_NO_SYMLINKS | SYS_RESOLVE_NO_MAGICLINKS,
	};
	autoclose int pts_fd = inroot_open(root_fd, "/dev/pts", O_PATH | O_DIRECTORY, 0);
	autoclose int fd = -EBADF;

	if (MUTATION(A24))
		return open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (pts_fd < 0)
		return err_code(err, pts_fd, "open a terminal: open `/dev/pts`");
	if (!fd_is_fstype(pts_fd, DEVPTS_SUPER_MAGIC)) {
		err_hint(err, "process.terminal needs a mount of type devpts at /dev/pts");
		return err_set(err, ENODEV, "open a terminal: `/dev/pts` is not a devpts");
	}
	fd = sys_openat2(pts_fd, "ptmx", &how);
	if (fd < 0)
		return err_sys(err, "open a terminal: open `/dev/pts/ptmx`");
	if (!fd_is_chardev(fd, PTMX_MAJOR, PTMX_MINOR) || !fd_is_fstype(fd, DEVPTS_SUPER_MAGIC))
		return err_set(err, ENODEV, "open a terminal: `/dev/pts/ptmx` is not a pty multiplexer");
	return take_fd(&fd);
}

/* Since minors have 20 bits all slaves have one major. */
static bool slave_is_genuine(int fd, unsigned n)
{
	return fd_is_chardev(fd, PTS_MAJOR, n) && fd_is_fstype(fd, DEVPTS_SUPER_MAGIC);
}

static int terminal_set_size(int fd, const struct terminal_plan *p, struct err *err)
{
	struct winsize ws = { .ws_row = (unsigned short)p->height, .ws_col = (unsigned short)p->width };

	if (!p->has_size)
		return 0;
	return ioctl(fd, TIOCSWINSZ, &ws) < 0 ? err_sys(err, "set the terminal size %ux%u", p->width, p->height) : 0;
}

int terminal_open(int root_fd, const struct terminal_plan *p, uid_t uid, struct terminal *ret, struct err *err)
{
	autoclose int master_fd = ptmx_open(root_fd, err);
	autoclose int slave_fd = -EBADF;
	int unlock = 0, flags, r;
	unsigned n;

	if (master_fd < 0)
		return master_fd;
	if (ioctl(master_fd, TIOCSPTLCK, &unlock) < 0)
		return err_sys(err, "unlock the terminal");
	if (ioctl(master_fd, TIOCGPTN, &n) < 0)
		return err_sys(err, "ask for the number of the terminal");
	slave_fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave_fd < 0)
		return err_sys(err, "open the slave of terminal %u", n);
	if (!slave_is_genuine(slave_fd, n))
		return err_set(err, ENODEV, "open the slave of terminal %u: it is something else", n);
	flags = fcntl(master_fd, F_GETFL);
	if (flags < 0 || fcntl(master_fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return err_sys(err, "make terminal %u blocking", n);
	r = terminal_set_size(slave_fd, p, err);
	if (r < 0)
		return r;
	if (fchown(slave_fd, uid, (gid_t)-1) < 0) /* the group is the mount's */
		return err_sys(err, "give terminal %u to user %u", n, (unsigned)uid);
	snprintf(ret->name, sizeof(ret->name), "/dev/pts/%u", n);
	ret->master_fd = take_fd(&master_fd);
	ret->slave_fd = take_fd(&slave_fd);
	return 0;
}

int terminal_send(const struct terminal *t, int sock, struct err *err)
{
	int r = unixsock_send_fd(sock, t->master_fd, t->name, strlen(t->name));

	return r < 0 ? err_code(err, r, "send terminal `%s` to the console socket", t->name) : 0;
}

int terminal_apply(struct terminal *t, struct err *err)
{
	/* 1 (steal from another session) would need CAP_SYS_ADMIN and is never wanted */
	if (ioctl(t->slave_fd, TIOCSCTTY, 0) < 0)
		return err_sys(err, "make `%s` the controlling terminal", t->name);
	for (int fd = 0; fd <= 2; fd++)
		if (dup3(t->slave_fd, fd, 0) < 0)
			return err_sys(err, "make `%s` standard stream %d", t->name, fd);
	terminal_done(t);
	return 0;
}

void terminal_done(struct terminal *t)
{
	cleanup_close(&t->master_fd);
	cleanup_close(&t->slave_fd);
}
