/* SPDX-License-Identifier: Apache-2.0 */
/* The probe's main: words in order, one member each. Words that act instead of printing (stay, exit, to, trap …) are here. */
#include "probe.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int probe_argc;
char **probe_argv, **probe_env;
unsigned probe_umask;

static const struct probe_word *const tables[] = { words_proc, words_sched, words_mount, words_path,
						   words_sys,  words_call,  words_load };

/* "name:argument" of the table's "name". */
bool word_is(const char *word, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(word, name, n) && (word[n] == ':' || !word[n]);
}

unsigned long long number_of(const char *s)
{
	return strtoull(s, NULL, 0);
}

static void print_word(const char *word)
{
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (const struct probe_word *w = tables[t]; w->name; w++)
			if (word_is(word, w->name)) {
				out_key(word);
				w->print(word[strlen(w->name)] ? word + strlen(w->name) + 1 : "");
				return;
			}
	fprintf(stderr, "probe: no word `%s`\n", word);
	exit(99);
}

void probe_print(int n, char **words)
{
	out_open('{');
	for (int i = 0; i < n; i++)
		print_word(words[i]);
	out_close('}');
}

/* Facts of a child that was made by fork: what is inherited. */
static void print_child(int n, char **words)
{
	pid_t pid;

	out_flush(1);
	pid = fork();
	if (pid == 0) {
		out_key("child");
		probe_print(n, words);
		out_flush(1);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static int copy_stdin(const char *path)
{
	char buf[65536];
	ssize_t n;
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	while ((n = read(0, buf, sizeof(buf))) > 0)
		if (write(fd, buf, (size_t)n) != n)
			return -EIO;
	close(fd);
	return 0;
}

static volatile sig_atomic_t caught;

static void on_signal(int nr)
{
	caught = nr;
}

/* Says "ready" and then the number of each signal that arrives, until SIGTERM. */
static void report_signals(void)
{
	sigset_t all;
	char line[32];
	int nr;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	signal(SIGCHLD, on_signal);
	if (write(1, "{\"ready\":true}\n", 15) != 15)
		_exit(98);
	for (;;) {
		nr = sigwaitinfo(&all, NULL);
		if (nr < 0)
			continue;
		if (write(1, line, (size_t)snprintf(line, sizeof(line), "signal %d\n", nr)) < 0 || nr == SIGTERM)
			_exit(0);
	}
}

static void stay(void)
{
	for (;;)
		pause();
}

static void wait_for(const char *path)
{
	struct stat st;

	for (int i = 0; i < 1000 && stat(path, &st) < 0; i++)
		usleep(10000);
}

/* Words that act. True when it was one. */
static bool act(const char *w, const char **to, int *status, bool *stays)
{
	if (word_is(w, "stay"))
		*stays = true;
	else if (!strncmp(w, "exit:", 5))
		*status = atoi(w + 5);
	else if (!strncmp(w, "wait:", 5))
		wait_for(w + 5);
	else if (!strncmp(w, "sleep:", 6))
		usleep((useconds_t)atoi(w + 6) * 1000);
	else if (!strncmp(w, "stdin-to:", 9))
		copy_stdin(w + 9);
	else if (!strncmp(w, "kill:", 5))
		*status = -atoi(w + 5);
	else if (!strncmp(w, "to:", 3))
		*to = w + 3;
	else
		return false;
	return true;
}

int main(int argc, char **argv, char **env)
{
	int fd = 1, status = 0, i;
	const char *to = NULL;
	bool stays = false;

	probe_argc = argc;
	probe_argv = argv;
	probe_env = env;
	umask(probe_umask = umask(0));
	if (argc > 1 && word_is(argv[1], "signals"))
		report_signals();
	out_open('{');
	for (i = 1; i < argc; i++) {
		if (word_is(argv[i], "child")) {
			print_child(argc - i - 1, argv + i + 1);
			break;
		}
		if (!act(argv[i], &to, &status, &stays))
			print_word(argv[i]);
	}
	out_close('}');
	/* opened only now: "fds" would see it */
	if (to)
		fd = open(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0)
		return 97;
	out_flush(fd);
	if (write(fd, "\n", 1) < 0)
		return 98;
	if (stays)
		stay();
	if (status < 0)
		kill(getpid(), -status);
	return status;
}
