/* SPDX-License-Identifier: Apache-2.0 */
/* relay and supervise: the terminal of a foreground process. */
#include "check.h"
#include "container/supervise.h"
#include "unit/supervise_rig.h"

static int body_cat(void)
{
	char buf[64];
	ssize_t n;

	while ((n = read(0, buf, sizeof(buf))) > 0)
		(void)!write(1, buf, (size_t)n);
	say("<end>");
	return 5;
}

static int body_size(void)
{
	struct winsize size = { 0 };
	char text[64];

	signal(SIGWINCH, remember);
	ioctl(0, TIOCGWINSZ, &size);
	snprintf(text, sizeof(text), "[%dx%d]", size.ws_row, size.ws_col);
	say(text);
	while (!last_signal)
		usleep(1000);
	ioctl(0, TIOCGWINSZ, &size);
	snprintf(text, sizeof(text), "[%dx%d]", size.ws_row, size.ws_col);
	say(text);
	return 0;
}

#define MANY_LINES 2000

static int body_many(void)
{
	char line[32];

	for (int i = 0; i < MANY_LINES; i++) {
		snprintf(line, sizeof(line), "line %06d\n", i);
		say(line);
	}
	return 9;
}

static int body_raw_echo(void)
{
	struct termios t;
	char c = 0;

	tcgetattr(0, &t);
	cfmakeraw(&t);
	tcsetattr(0, TCSANOW, &t);
	say("go");
	while (read(0, &c, 1) == 1 && c != 'q')
		(void)!write(1, &c, 1);
	return 6;
}

TEST(terminal_both_ways)
{
	struct rig rig = { .body = body_cat, .terminal = true, .user_tty = true };

	REQUIRE(rig_start(&rig));
	CHECK(rig_wait_ready(&rig));
	CHECK(is_raw(rig.keep));
	CHECK(write(rig.user, "hello\n", 6) == 6);
	/* once from the echo of the container's terminal, once from the process */
	CHECK(see(rig.user, "hello\r\nhello\r\n"));
	CHECK(write(rig.user, "\x04", 1) == 1);
	CHECK(see(rig.user, "<end>"));
	CHECK_INT(rig_end(&rig), 5);
	CHECK(!rig.left_raw);
}

TEST(in_the_background_the_terminal_is_left_alone)
{
	int held[2];
	struct rig rig = { .body = body_cat, .terminal = true, .user_tty = true };

	REQUIRE(pipe2(held, O_CLOEXEC) == 0);
	rig.behind = held[0];
	REQUIRE(rig_start(&rig));
	close(held[0]);
	CHECK(rig_wait_ready(&rig));
	CHECK(!is_raw(rig.keep));
	CHECK(write(held[1], "x", 1) == 1);
	for (int i = 0; i < 300 && !is_raw(rig.keep); i++)
		usleep(10000);
	CHECK(is_raw(rig.keep));
	CHECK(write(rig.user, "hello\n\x04", 7) == 7);
	CHECK(see(rig.user, "<end>"));
	CHECK_INT(rig_end(&rig), 5);
	CHECK(!rig.left_raw);
	close(held[1]);
}

TEST(control_c_reaches_the_container)
{
	struct rig rig = { .body = body_signal, .terminal = true, .user_tty = true };

	REQUIRE(rig_start(&rig));
	CHECK(see(rig.user, "waiting"));
	CHECK(write(rig.user, "\x03", 1) == 1);
	CHECK_INT(rig_end(&rig), SIGINT);
}

TEST(window_size)
{
	struct winsize size = { .ws_row = 50, .ws_col = 132 };
	struct rig rig = { .body = body_size, .terminal = true, .user_tty = true };

	REQUIRE(rig_start(&rig));
	CHECK(see(rig.user, "[33x77]"));
	/* the kernel sends SIGWINCH to the foreground group of the terminal, the supervisor */
	CHECK(ioctl(rig.user, TIOCSWINSZ, &size) == 0);
	CHECK(see(rig.user, "[50x132]"));
	CHECK_INT(rig_end(&rig), 0);
}

TEST(terminal_is_restored_when_a_signal_ends_the_container)
{
	struct rig rig = { .body = body_sleep, .terminal = true, .user_tty = true };

	REQUIRE(rig_start(&rig));
	CHECK(see(rig.user, "waiting"));
	CHECK(is_raw(rig.keep));
	kill(rig.pid, SIGTERM);
	CHECK_INT(rig_end(&rig), 128 + SIGTERM);
	CHECK(!rig.left_raw);
}

TEST(terminal_is_restored_by_a_fault)
{
	static const int signals[] = { SIGSEGV, SIGABRT, SIGBUS };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct rig rig = { .body = body_sleep, .terminal = true, .user_tty = true, .fault = signals[i] };

		REQUIRE(rig_start(&rig));
		CHECK_INT(rig_end(&rig), 1000 + signals[i]);
		CHECK(!rig.left_raw);
	}
}

TEST(sent_fault_signals_are_forwarded_with_a_terminal)
{
	struct rig rig = { .body = body_signal, .terminal = true, .user_tty = true };

	REQUIRE(rig_start(&rig));
	CHECK(see(rig.user, "waiting"));
	kill(rig.pid, SIGABRT);
	CHECK_INT(rig_end(&rig), SIGABRT);
}

TEST(all_output_arrives)
{
	int out[2];
	char last[32];
	struct rig rig = { .body = body_many, .terminal = true, .in_fd = -1 };

	REQUIRE(pipe2(out, O_CLOEXEC) == 0);
	rig.out_fd = out[1];
	REQUIRE(rig_start(&rig));
	close(out[1]);
	/* let the process end before its output is read */
	usleep(100000);
	snprintf(last, sizeof(last), "line %06d\r\n", MANY_LINES - 1);
	CHECK(see(out[0], last));
	CHECK_INT(rig_end(&rig), 9);
	close(out[0]);
}

TEST(end_of_input_is_an_end_of_file)
{
	int in[2], out[2];
	struct rig rig = { .body = body_cat, .terminal = true };

	REQUIRE(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
	rig.in_fd = in[0];
	rig.out_fd = out[1];
	/* no newline: the first end-of-file character only ends the line */
	CHECK(write(in[1], "words", 5) == 5);
	close(in[1]);
	REQUIRE(rig_start(&rig));
	close(out[1]);
	CHECK(see(out[0], "wordswords<end>"));
	CHECK_INT(rig_end(&rig), 5);
	close(in[0]);
	close(out[0]);
}

TEST(closed_input_is_an_end_of_file)
{
	int out[2];
	struct rig rig = { .body = body_cat, .terminal = true, .in_fd = -2 };

	REQUIRE(pipe2(out, O_CLOEXEC) == 0);
	rig.out_fd = out[1];
	REQUIRE(rig_start(&rig));
	close(out[1]);
	CHECK(see(out[0], "<end>"));
	CHECK_INT(rig_end(&rig), 5);
	close(out[0]);
}

TEST(no_reader_does_not_block_the_container)
{
	int out[2];
	struct rig rig = { .body = body_many, .terminal = true, .in_fd = -1 };

	REQUIRE(pipe2(out, O_CLOEXEC) == 0);
	rig.out_fd = out[1];
	close(out[0]);
	REQUIRE(rig_start(&rig));
	CHECK_INT(rig_end(&rig), 9);
	close(out[1]);
}

TEST(signal_ends_a_stalled_drain)
{
	int out[2];
	static char fill[65536];
	struct rig rig = { .body = body_cat, .terminal = true, .in_fd = -1 };

	REQUIRE(pipe2(out, O_CLOEXEC) == 0);
	REQUIRE(write(out[1], fill, sizeof(fill)) == (ssize_t)sizeof(fill));
	rig.out_fd = out[1];
	REQUIRE(rig_start(&rig));
	CHECK(rig_wait_ready(&rig));
	/* the end of the pipe is the end of the process */
	CHECK(!rig_wait_ready(&rig));
	usleep(50000);
	CHECK(waitpid(rig.pid, NULL, WNOHANG) == 0);
	/* more than one, because the first may come before the supervisor has seen the end */
	for (int i = 0; i < 20; i++) {
		kill(rig.pid, SIGTERM);
		usleep(10000);
	}
	CHECK_INT(rig_end(&rig), 5);
	close(out[0]);
	close(out[1]);
}

TEST(much_input_is_written_in_parts)
{
	static char text[32768];
	int in[2], out[2];
	struct rig rig = { .body = body_raw_echo, .terminal = true };

	memset(text, 'x', sizeof(text));
	memcpy(text + sizeof(text) - 5, "tail", 4);
	text[sizeof(text) - 1] = 'q';
	REQUIRE(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
	rig.in_fd = in[0];
	rig.out_fd = out[1];
	REQUIRE(rig_start(&rig));
	close(out[1]);
	CHECK(see(out[0], "go"));
	CHECK(write(in[1], text, sizeof(text)) == (ssize_t)sizeof(text));
	CHECK(see(out[0], "tail"));
	CHECK_INT(rig_end(&rig), 6);
	close(in[0]);
	close(in[1]);
	close(out[0]);
}

CHECK_MAIN();
