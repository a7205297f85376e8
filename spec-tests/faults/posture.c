/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in a container and prints all that protects it and limits it, as the kernel has it: a run in which a system call failed is to
 * print what an undisturbed one does. What differs between two lives (inodes of namespaces, devices of mounts) is made the same.
 *
 * posture HOST-NAMESPACES: prints and ends (HOST-NAMESPACES: those of the host, "net:[1] mnt:[2]..."). posture wait FILE: adds a byte to
 * FILE for each SIGUSR1, until the end. posture note FILE WORD: a hook that leaves a word. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

static int signals = -1;

/* Each line of a file, as the function prints it. */
static void print_lines(const char *path, void (*print)(char *line))
{
	char *line = NULL;
	size_t size = 0;
	FILE *f = fopen(path, "re");

	printf("# %s%s\n", path, f ? "" : " cannot be read");
	while (f && getline(&line, &size, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		print(line);
	}
	if (f)
		fclose(f);
	free(line);
}

static void print_all(char *line)
{
	puts(line);
}

/* A pid says nothing, but in how many namespaces there is one. */
static void print_status(char *line)
{
	static const char wanted[] =
		" Umask Uid Gid Groups SigBlk SigIgn CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp "
		"Seccomp_filters Speculation_Store_Bypass Cpus_allowed_list ";
	char word[64];
	int levels = 0;

	snprintf(word, sizeof(word), " %.*s ", (int)strcspn(line, ":"), line);
	if (strstr(wanted, word))
		puts(line);
	if (strcmp(word, " NSpid "))
		return;
	for (char *p = line; (p = strchr(p, '\t')); p++)
		levels++;
	printf("pid namespaces %d\n", levels);
}

/* "36 35 98:0 /root /point options shared:1 - type source super": without numbers of this life. */
static void print_mount(char *line)
{
	char *save = NULL;
	int i = 0;

	for (char *w = strtok_r(line, " ", &save); w; w = strtok_r(NULL, " ", &save), i++)
		if (i > 2)
			printf("%.*s ",
			       (int)strcspn(w, !strncmp(w, "shared:", 7) || !strncmp(w, "master:", 7) ? ":" : ""), w);
	puts("");
}

static void print_links(const char *dir, const char *host)
{
	struct dirent **names;
	int n = scandir(dir, &names, NULL, alphasort);

	printf("# %s\n", dir);
	for (int i = 0; i < n; i++) {
		char path[300], target[256];
		ssize_t len;

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
		len = readlink(path, target, sizeof(target) - 1);
		target[len > 0 ? len : 0] = '\0';
		if (len > 0)
			printf("%s %s\n", names[i]->d_name, strstr(host, target) ? "of the host" : "own");
	}
}

/* Descriptors, without the one that lists them. */
static void print_descriptors(void)
{
	printf("# descriptors\n");
	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("%d\n", fd);
}

static void print_tree(const char *dir)
{
	struct dirent **names;
	int n = scandir(dir, &names, NULL, alphasort);

	printf("# %s\n", dir);
	for (int i = 0; i < n; i++) {
		char path[300];
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
		if (names[i]->d_name[0] != '.' && lstat(path, &st) == 0)
			printf("%s %o %u:%u %u:%u\n", names[i]->d_name, st.st_mode, st.st_uid, st.st_gid,
			       major(st.st_rdev), minor(st.st_rdev));
	}
}

static void print_process(void)
{
	struct utsname u;
	char text[256] = "";
	int sig = 0;

	uname(&u);
	prctl(PR_GET_PDEATHSIG, &sig);
	printf("host %s domain %s\n", u.nodename, u.domainname);
	printf("securebits %d dumpable %d death signal %d\n", prctl(PR_GET_SECUREBITS), prctl(PR_GET_DUMPABLE), sig);
	printf("cwd %s\n", getcwd(text, sizeof(text)) ? text : "unknown");
	printf("io priority %ld\n", syscall(SYS_ioprio_get, 1, 0));
	printf("session %d leader %d\n", getsid(0) == getpid(), getpgrp() == getpid());
	memset(text, 0, sizeof(text));
	syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, text, sizeof(text) - 1);
	printf("keyring %s\n", text);
	for (char **e = environ; *e; e++)
		printf("env %s\n", *e);
}

static void at_signal(int sig)
{
	(void)sig;
	if (write(signals, "!", 1) != 1)
		_exit(1);
}

static int wait_for_signals(const char *file)
{
	const struct sigaction sa = { .sa_handler = at_signal };

	signals = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	sigaction(SIGUSR1, &sa, NULL);
	if (write(1, "waiting\n", 8) != 8)
		return 1;
	for (;;)
		pause();
}

static int note(const char *file, const char *word)
{
	int fd = open(file, O_WRONLY | O_APPEND | O_CLOEXEC);

	return dprintf(fd, "%s\n", word) < 0;
}

int main(int argc, char **argv)
{
	static const char *const files[] = { "/proc/self/cgroup",         "/proc/self/limits",
					     "/proc/self/oom_score_adj",  "/proc/self/uid_map",
					     "/proc/self/gid_map",        "/proc/self/setgroups",
					     "/proc/self/attr/current",   "/proc/self/personality",
					     "/proc/self/timens_offsets", "/proc/sys/net/ipv4/ip_forward",
					     "/proc/sys/kernel/shmmni" };

	if (argc > 2 && !strcmp(argv[1], "wait"))
		return wait_for_signals(argv[2]);
	if (argc > 3 && !strcmp(argv[1], "note"))
		return note(argv[2], argv[3]);
	print_lines("/proc/self/status", print_status);
	print_lines("/proc/self/mountinfo", print_mount);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		print_lines(files[i], print_all);
	print_links("/proc/self/ns", argc > 1 ? argv[1] : "");
	print_descriptors();
	print_tree("/dev");
	print_tree("/");
	print_process();
	printf("# end\n");
	return fflush(stdout) != 0;
}
