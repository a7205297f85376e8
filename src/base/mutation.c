/* SPDX-License-Identifier: Apache-2.0 */
/* Which hole is open, in builds with --enable-mutations; otherwise this file is empty, and check-symbols proves it. */
#include "base/mutation.h"

#ifdef MASU_MUTATIONS
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char variable[] = "MASU_MUTATION=";

char *mutation_environment(void)
{
	for (char **e = environ; e && *e; e++)
		if (!strncmp(*e, variable, sizeof(variable) - 1))
			return *e;
	return NULL;
}

bool mutation_is(const char *row)
{
	const char *e = mutation_environment();

	return e && !strcmp(e + sizeof(variable) - 1, row);
}

uint32_t mutation_passwd(uint32_t id)
{
	FILE *f = fopen("rootfs/etc/passwd", "re");
	char name[16];

	snprintf(name, sizeof(name), "%u", id);
	for (struct passwd *p; f && (p = fgetpwent(f));)
		if (!strcmp(p->pw_name, name))
			id = p->pw_uid;
	if (f)
		fclose(f);
	return id;
}

void mutation_listen(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* without a name to bind to the kernel finds an abstract one */
	if (bind(fd, &(struct sockaddr){ .sa_family = AF_UNIX }, sizeof(sa_family_t)) == 0)
		listen(fd, 1);
}

int mutation_leave_cgroup(pid_t pid)
{
	static const char *const files[] = { "/sys/fs/cgroup/pids/cgroup.procs", "/sys/fs/cgroup/cgroup.procs" };

	for (int i = 0; i < 2; i++) {
		int fd = open(files[i], O_WRONLY | O_CLOEXEC);

		if (fd >= 0 && dprintf(fd, "%d", (int)pid) > 0)
			i = 2;
		if (fd >= 0)
			close(fd);
	}
	return 0;
}
#endif
