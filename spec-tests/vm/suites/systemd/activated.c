/* SPDX-License-Identifier: Apache-2.0 */
/* A service that is started by its sockets, in a container: takes one connection from each, in their order, and answers with what it was
 * told of them, sd_listen_fds(3). Then it ends with the code that is its argument. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *word(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "-";
}

int main(int argc, char **argv)
{
	int n = atoi(word("LISTEN_FDS")), mine = atoi(word("LISTEN_PID")) == getpid();
	int more = fcntl(3 + n, F_GETFD) >= 0; /* a descriptor that was not meant for it */

	for (int i = 0; i < n; i++) {
		int fd = accept(3 + i, NULL, NULL);

		if (fd < 0)
			return 99;
		dprintf(fd, "socket %d of %d, %s, names %s, next %s\n", i, n, mine ? "mine" : "not mine",
			word("LISTEN_FDNAMES"), more ? "open" : "closed");
		close(fd);
	}
	return argc > 1 ? atoi(argv[1]) : 0;
}
