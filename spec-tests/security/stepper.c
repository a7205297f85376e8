/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a command under ptrace, with all that it starts, and stops it before the
 * K-th system call of some names: then runs a swap command (STEPPER_PID is the
 * stopped process), and goes on. Every window between two system calls can be
 * hit that way, each time.
 *
 * stepper [-k K] [-n NAME,NAME...] [-s COMMAND] [-b COMMAND] [-d MILLISECONDS]
 * [-l FILE] -- COMMAND... -s is run at the K-th match, -b (back) at the one
 * after it; -d waits at every match; -l lists them; -i counts from the execveat
 * of the inner program on. Ends as the command does. */
#include "tracer.h"

static const char *swap, *back, *names;
static long want = -1, seen;
static int delay, inner_only, in_inner;
static FILE *list;

static int is_wanted(const char *name)
{
	size_t n = name ? strlen(name) : 0;

	if (!names || !name)
		return !names;
	for (const char *p = names; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (!strncmp(p, name, n) && (p[n] == ',' || !p[n]))
			return 1;
	return 0;
}

static void read_string(pid_t pid, unsigned long long at, char *out, size_t len)
{
	size_t n = 0;

	for (; n + sizeof(long) < len; n += sizeof(long)) {
		long word;

		errno = 0;
		word = ptrace(PTRACE_PEEKDATA, pid, (void *)(at + n), NULL);
		if (errno)
			break;
		memcpy(out + n, &word, sizeof(word));
		if (memchr(&word, 0, sizeof(word)))
			return;
	}
	out[n] = '\0';
}

/* The path is the second argument of most calls. */
static void list_call(pid_t pid, const char *name, const struct tracer_info *in)
{
	static const char *const first = " execve chdir chroot open ", *const none = " write close prctl read ";
	char path[256] = "", word[40];

	snprintf(word, sizeof(word), " %.32s ", name ? name : "?");
	if (!strstr(none, word))
		read_string(pid, in->args[!strstr(first, word)], path, sizeof(path));
	fprintf(list, "%ld %d %s %s\n", seen, pid, name ? name : "?", path);
	fflush(list);
}

static void run(const char *command, pid_t pid)
{
	char text[32];
	int r;

	snprintf(text, sizeof(text), "%d", pid);
	setenv("STEPPER_PID", text, 1);
	r = system(command);
	(void)r;
}

static void at_entry(struct tracer *t, struct tracee *p, const struct tracer_info *in)
{
	const char *name = tracer_call_name(p->nr);

	(void)t;
	if (p->nr == SYS_execveat)
		in_inner = 1;
	if ((inner_only && !in_inner) || !is_wanted(name))
		return;
	seen++;
	if (list)
		list_call(p->pid, name, in);
	if (delay)
		usleep((useconds_t)delay * 1000);
	if (seen == want && swap)
		run(swap, p->pid);
	if (seen == want + 1 && back)
		run(back, p->pid);
}

int main(int argc, char **argv)
{
	static struct tracer t = { .entry = at_entry };
	int c, status;

	while ((c = getopt(argc, argv, "+k:n:s:b:d:l:i")) != -1)
		switch (c) {
		case 'k':
			want = atol(optarg);
			break;
		case 'n':
			names = optarg;
			break;
		case 's':
			swap = optarg;
			break;
		case 'b':
			back = optarg;
			break;
		case 'd':
			delay = atoi(optarg);
			break;
		case 'l':
			list = fopen(optarg, "we");
			break;
		case 'i':
			inner_only = 1;
			break;
		default:
			return 125;
		}
	if (optind >= argc || tracer_start(&t, "masu", argv + optind) < 0)
		return 125;
	status = tracer_run(&t);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
