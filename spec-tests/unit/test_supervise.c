/* SPDX-License-Identifier: Apache-2.0 */
/* supervise: exit codes, signals, orphans. */
#include "check.h"
#include "container/supervise.h"
#include "unit/supervise_rig.h"

static int body_seven(void)
{
	return 7;
}

static int body_killed(void)
{
	raise(SIGUSR2);
	return 0;
}

/* Leaves an orphan that ends with an odd code; ends when the orphan has been reaped. */
static int body_orphan(void)
{
	int channel[2];
	pid_t orphan = 0, child;

	(void)!pipe(channel);
	child = fork();
	if (child == 0) {
		orphan = fork();
		if (orphan == 0)
			_exit(44);
		(void)!write(channel[1], &orphan, sizeof(orphan));
		_exit(0);
	}
	(void)!read(channel[0], &orphan, sizeof(orphan));
	waitpid(child, NULL, 0);
	for (int i = 0; i < 500; i++) {
		if (kill(orphan, 0) < 0)
			return 3;
		usleep(10000);
	}
	return 4;
}

TEST(exit_code)
{
	struct rig rig = { .body = body_seven, .in_fd = -1, .out_fd = -1 };

	REQUIRE(rig_start(&rig));
	CHECK_INT(rig_end(&rig), 7);
}

TEST(killed_is_128_and_the_signal)
{
	struct rig rig = { .body = body_killed, .in_fd = -1, .out_fd = -1 };

	REQUIRE(rig_start(&rig));
	CHECK_INT(rig_end(&rig), 128 + SIGUSR2);
}

TEST(closed_stdio)
{
	struct rig rig = { .body = body_seven, .in_fd = -2, .out_fd = -2 };

	REQUIRE(rig_start(&rig));
	CHECK_INT(rig_end(&rig), 7);
}

TEST(sigchld_ignored_by_the_caller)
{
	struct rig rig = { .body = body_seven, .in_fd = -1, .out_fd = -1 };
	void (*old)(int) = signal(SIGCHLD, SIG_IGN);
	bool started = rig_start(&rig);

	signal(SIGCHLD, old);
	REQUIRE(started);
	CHECK_INT(rig_end(&rig), 7);
}

TEST(signals_are_forwarded)
{
	static const int signals[] = { SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGUSR1,
				       SIGTSTP, SIGTTIN, SIGALRM, SIGSEGV, SIGCONT };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		int out[2];
		struct rig rig = { .body = body_signal, .in_fd = -1 };

		REQUIRE(pipe2(out, O_CLOEXEC) == 0);
		rig.out_fd = out[1];
		REQUIRE(rig_start(&rig));
		CHECK(see(out[0], "waiting"));
		CHECK(kill(rig.pid, signals[i]) == 0);
		CHECK_INT(rig_end(&rig), signals[i]);
		close(out[0]);
		close(out[1]);
	}
}

TEST(realtime_signals_are_forwarded)
{
	int out[2];
	struct rig rig = { .body = body_signal, .in_fd = -1 };

	REQUIRE(pipe2(out, O_CLOEXEC) == 0);
	rig.out_fd = out[1];
	REQUIRE(rig_start(&rig));
	CHECK(see(out[0], "waiting"));
	kill(rig.pid, SIGRTMIN + 3);
	CHECK_INT(rig_end(&rig), SIGRTMIN + 3);
	close(out[0]);
	close(out[1]);
}

TEST(some_signals_are_not_forwarded)
{
	int out[2];
	struct rig rig = { .body = body_signal, .in_fd = -1 };

	REQUIRE(pipe2(out, O_CLOEXEC) == 0);
	rig.out_fd = out[1];
	REQUIRE(rig_start(&rig));
	CHECK(see(out[0], "waiting"));
	kill(rig.pid, SIGPIPE);
	kill(rig.pid, SIGURG);
	kill(rig.pid, SIGCHLD);
	kill(rig.pid, SIGWINCH);
	usleep(50000);
	kill(rig.pid, SIGUSR2);
	CHECK_INT(rig_end(&rig), SIGUSR2);
	close(out[0]);
	close(out[1]);
}

TEST(signal_before_the_process_exists)
{
	struct rig rig = { .body = body_sleep, .late = true, .in_fd = -1, .out_fd = -1 };

	REQUIRE(rig_start(&rig));
	CHECK_INT(rig_end(&rig), 128 + SIGTERM);
}

TEST(orphans_are_reaped)
{
	struct rig rig = { .body = body_orphan, .subreaper = true, .in_fd = -1, .out_fd = -1 };

	REQUIRE(rig_start(&rig));
	CHECK_INT(rig_end(&rig), 3);
}

TEST(cancel_restores)
{
	struct supervise s = SUPERVISE_INIT;
	sigset_t before, after;
	int reaper = 1;

	s.subreaper = true;
	sigprocmask(SIG_SETMASK, NULL, &before);
	REQUIRE(supervise_prepare(&s, NULL) == 0);
	CHECK(prctl(PR_GET_CHILD_SUBREAPER, &reaper) == 0 && reaper == 1);
	CHECK(!sigismember(supervise_original_mask(&s), SIGTERM));
	sigprocmask(SIG_SETMASK, NULL, &after);
	CHECK(sigismember(&after, SIGTERM) == 1);
	supervise_cancel(&s);
	supervise_cancel(&s);
	sigprocmask(SIG_SETMASK, NULL, &after);
	CHECK_MEM(&before, &after, sizeof(before));
	CHECK(prctl(PR_GET_CHILD_SUBREAPER, &reaper) == 0 && reaper == 0);
}

CHECK_MAIN();
