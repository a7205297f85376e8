/* SPDX-License-Identifier: Apache-2.0 */
/* The meeting points: order, errors and logs across a real socket pair. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "lib/check.h"
#include "wire/protocol.h"

static void make_pair(struct wire *host, struct wire *init)
{
	int fds[2];

	CHECK_INT(frame_pair(fds), 0);
	*host = (struct wire){ .sock = fds[0] };
	*init = (struct wire){ .sock = fds[1] };
}

static void end_pair(struct wire *host, struct wire *init)
{
	close(host->sock);
	close(init->sock);
}

TEST(points_in_order)
{
	struct wire host, init;
	pid_t pid = 0;

	make_pair(&host, &init);
	CHECK_INT(wire_say(&init, WIRE_SPAWNED, NULL, 0, NULL), 0);
	CHECK_INT(wire_hear(&host, WIRE_SPAWNED, NULL, 0, NULL, &pid, NULL), 0);
	CHECK_INT(pid, getpid());
	CHECK_INT(wire_say(&host, WIRE_PLACED, NULL, 0, NULL), 0);
	CHECK_INT(wire_hear(&init, WIRE_PLACED, NULL, 0, NULL, NULL, NULL), 0);
	CHECK_INT(wire_say(&init, WIRE_CREATED, NULL, 0, NULL), 0);
	CHECK_INT(wire_hear(&host, WIRE_CREATED, NULL, 0, NULL, NULL, NULL), 0);
	end_pair(&host, &init);
}

TEST(going_back_is_an_error)
{
	struct wire host, init;

	make_pair(&host, &init);
	CHECK_INT(wire_say(&host, WIRE_PLACED, NULL, 0, NULL), 0);
	CHECK_INT(wire_say(&host, WIRE_MAPPED, NULL, 0, NULL), -EPROTO);
	CHECK_INT(wire_say(&host, WIRE_PLACED, NULL, 0, NULL), -EPROTO);
	end_pair(&host, &init);
}

TEST(another_point_is_an_error)
{
	struct wire host, init;
	struct err err = { 0 };

	make_pair(&host, &init);
	CHECK_INT(wire_say(&init, WIRE_CREATED, NULL, 0, NULL), 0);
	CHECK_INT(wire_hear(&host, WIRE_ROOTFS_READY, NULL, 0, NULL, NULL, &err), -EPROTO);
	CHECK_STR(err.text, "wait for ROOTFS_READY: got CREATED");
	end_pair(&host, &init);
}

TEST(sources_repeat_with_fds)
{
	struct wire host, init;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), got[4];
	size_t n = 0;

	make_pair(&host, &init);
	CHECK_INT(wire_say(&host, WIRE_SOURCES, &fd, 1, NULL), 0);
	CHECK_INT(wire_say(&host, WIRE_SOURCES, &fd, 1, NULL), 0);
	for (int i = 0; i < 2; i++) {
		CHECK_INT(wire_hear(&init, WIRE_SOURCES, got, 4, &n, NULL, NULL), 0);
		CHECK_INT(n, 1);
		CHECK(fcntl(got[0], F_GETFD) & FD_CLOEXEC);
		close(got[0]);
	}
	close(fd);
	end_pair(&host, &init);
}

TEST(errors_arrive_whole)
{
	struct wire host, init;
	struct err sent = { .code = ENOENT,
			    .step = "create: mounts",
			    .pointer = "/mounts/1",
			    .hint = "look",
			    .text = "open `x`" },
		   err = { 0 };

	make_pair(&host, &init);
	wire_report(&init, &sent);
	CHECK_INT(wire_hear(&host, WIRE_CREATED, NULL, 0, NULL, NULL, &err), -ENOENT);
	CHECK_STR(err.step, sent.step);
	CHECK_STR(err.pointer, sent.pointer);
	CHECK_STR(err.hint, sent.hint);
	CHECK_STR(err.text, sent.text);
	end_pair(&host, &init);
}

TEST(the_last_words_of_the_dead)
{
	struct err sent = { .code = ENOENT, .step = "create: root", .text = "open `x`" }, err = { 0 };
	struct wire host, init;

	/* It reports and ends while we speak to it. */
	make_pair(&host, &init);
	wire_report(&init, &sent);
	close(init.sock);
	CHECK_ERR(wire_say(&host, WIRE_PLACED, NULL, 0, &err), -ECONNRESET);
	CHECK_STR(err.text, sent.text);
	CHECK_STR(err.step, sent.step);
	close(host.sock);
	/* It ends without having read what we said: the reset comes before its report. */
	err = (struct err){ 0 };
	make_pair(&host, &init);
	CHECK_ERR(wire_say(&host, WIRE_PLACED, NULL, 0, NULL), 0);
	wire_report(&init, &sent);
	close(init.sock);
	CHECK_ERR(wire_hear(&host, WIRE_CREATED, NULL, 0, NULL, NULL, &err), -ENOENT);
	CHECK_STR(err.text, sent.text);
	CHECK(!wire_last_words(&host, NULL));
	close(host.sock);
}

TEST(a_damaged_error_is_still_an_error)
{
	struct wire host, init;
	struct err bad, err = { 0 };

	memset(&bad, 'x', sizeof(bad));
	bad.code = 0;
	make_pair(&host, &init);
	CHECK_INT(frame_send(init.sock, FRAME_ERROR, 0, &bad, sizeof(bad), NULL, 0), 0);
	CHECK_INT(wire_hear(&host, WIRE_CREATED, NULL, 0, NULL, NULL, &err), -EPROTO);
	CHECK_INT(strlen(err.text), sizeof(err.text) - 1);
	CHECK_INT(frame_send(init.sock, FRAME_ERROR, 0, "short", 5, NULL, 0), 0);
	CHECK_INT(wire_hear(&host, WIRE_CREATED, NULL, 0, NULL, NULL, NULL), -EPROTO);
	end_pair(&host, &init);
}

static char logged[128];

static void keep(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	snprintf(logged, sizeof(logged), "%d %s", level, text);
}

TEST(logs_pass_by)
{
	struct wire host, init;

	log_set_sink(keep, NULL, LOG_LEVEL_WARN);
	make_pair(&host, &init);
	wire_log(&init, LOG_LEVEL_WARN, "odd");
	CHECK_INT(wire_say(&init, WIRE_CREATED, NULL, 0, NULL), 0);
	CHECK_INT(wire_hear(&host, WIRE_CREATED, NULL, 0, NULL, NULL, NULL), 0);
	CHECK_STR(logged, "1 odd");
	log_set_sink(NULL, NULL, LOG_LEVEL_ERROR);
	end_pair(&host, &init);
}

TEST(death_of_the_peer)
{
	struct wire host, init;

	make_pair(&host, &init);
	close(init.sock);
	CHECK_INT(wire_hear(&host, WIRE_CREATED, NULL, 0, NULL, NULL, NULL), -ECONNRESET);
	close(host.sock);
	make_pair(&host, &init);
	close(init.sock);
	CHECK_INT(wire_hear_end(&host, NULL), 0);
	close(host.sock);
}

CHECK_MAIN();
