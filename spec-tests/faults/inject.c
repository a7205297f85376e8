/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a command under ptrace and does one thing to one system call of it, or of a process that it made: the call is not made and fails
 * with an error, or the process is killed before it. Then everybody goes on alone. Which call: ROLE:NAME:N, the N-th of that name in the
 * process of that role (tracer.h). A process that has become a program of somebody else (of the container, a hook) is let go.
 *
 * inject [-k ROLE:NAME:N] [-e ERRNO | -9] [-l FILE] [-r FILE] [-p PID:ROLE] -- COMMAND...
 * -l lists the calls; -r is written to when the call was reached; -p follows another process too. Ends as the command does. */
#include "tracer.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>

static const char *key, *reached;
static int errno_wanted, do_kill;
static FILE *list;
static pid_t hit;
static long first; /* argument of the call that is hit */
static char program[PATH_MAX];

/* How calls fail that do not simply fail: close() gives the descriptor back whatever it returns; a brk() that fails says where the end
 * is, and so does one of nothing. */
static void fail(pid_t pid, long nr)
{
	if (nr == SYS_brk)
		tracer_set_argument(pid, 0);
	else if (nr != SYS_close)
		tracer_skip_call(pid);
}

/* Calls that are many: which of them. */
static const char *use_of(long nr, const struct tracer_info *in, char *text, size_t len)
{
	text[0] = '\0';
	if (nr == SYS_prctl || nr == SYS_keyctl || nr == SYS_seccomp || nr == SYS_bpf)
		snprintf(text, len, "%llu", in->args[0]);
	else if (nr == SYS_fcntl || nr == SYS_ioctl || nr == SYS_prlimit64 || nr == SYS_fsconfig)
		snprintf(text, len, "%llu", in->args[1]);
	return text;
}

static void say_reached(void)
{
	int fd = reached ? open(reached, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;

	if (fd >= 0 && write(fd, "hit\n", 4) == 4)
		close(fd);
}

static void at_entry(struct tracer *t, struct tracee *p, const struct tracer_info *in)
{
	const char *name = tracer_call_name(p->nr);
	char number[16], own[96], use[24];

	if (p->nr < 0 || p->nr >= CALL_MAX)
		return;
	snprintf(number, sizeof(number), "nr%ld", p->nr);
	snprintf(own, sizeof(own), "%s:%s:%u", p->role, name ? name : number, p->nth[p->nr]);
	if (list)
		fprintf(list, "%s %s\n", own, use_of(p->nr, in, use, sizeof(use)));
	if (!key || hit || strcmp(key, own))
		return;
	hit = p->pid;
	first = (long)in->args[0];
	say_reached();
	if (do_kill) {
		kill(p->pid, SIGKILL);
		t->detached = 1;
	} else {
		fail(p->pid, p->nr);
	}
}

static void at_exit(struct tracer *t, struct tracee *p, long result)
{
	(void)result;
	if (hit != p->pid || do_kill)
		return;
	if (p->nr != SYS_brk)
		tracer_set_result(p->pid, -(long)errno_wanted);
#ifdef __x86_64__
	else /* a call leaves its arguments where they are */
		tracer_set_argument(p->pid, first);
#endif
	hit = -1;
	t->detached = 1;
}

/* masu itself, or masu-init, which is executed from a memory file. */
static int at_exec(struct tracer *t, struct tracee *p)
{
	char link[64], exe[PATH_MAX];
	ssize_t n;

	(void)t;
	snprintf(link, sizeof(link), "/proc/%d/exe", p->pid);
	n = readlink(link, exe, sizeof(exe) - 1);
	exe[n > 0 ? n : 0] = '\0';
	return !strncmp(exe, "/memfd:", 7) || !strcmp(exe, program);
}

static int end_as(int status)
{
	const struct rlimit none = { 0 };
	int sig = WTERMSIG(status);

	if (list)
		fclose(list);
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	setrlimit(RLIMIT_CORE, &none);
	signal(sig, SIG_DFL);
	raise(sig);
	return 128 + sig;
}

int main(int argc, char **argv)
{
	static struct tracer t = { .entry = at_entry, .exit = at_exit, .executed = at_exec };
	char *other = NULL, *role = NULL;
	int c;

	while ((c = getopt(argc, argv, "+k:e:9l:r:p:")) != -1)
		switch (c) {
		case 'k':
			key = optarg;
			break;
		case 'e':
			errno_wanted = atoi(optarg);
			break;
		case '9':
			do_kill = 1;
			break;
		case 'l':
			list = fopen(optarg, "we");
			break;
		case 'r':
			reached = optarg;
			break;
		case 'p':
			other = optarg;
			break;
		default:
			return 125;
		}
	if (optind >= argc || !realpath(argv[optind], program))
		return 125;
	if (other && (role = strchr(other, ':')) && tracer_seize(&t, atoi(other), role + 1) < 0)
		return 125;
	if (tracer_start(&t, "masu", argv + optind) < 0)
		return 125;
	return end_as(tracer_run(&t));
}
