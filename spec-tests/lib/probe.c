/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in a container and prints what the kernel says about the process, a line each. Linked statically by the tests. */
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static void print_scheduling(const char *sched, const char *io)
{
	struct attr a = { 0 };
	long r = syscall(SYS_ioprio_get, 1, 0);

	syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0);
	printf("%s policy %u flags %llu nice %d priority %u\n", sched, a.policy, (unsigned long long)a.flags, a.nice,
	       a.priority);
	printf("%s %ld %ld\n", io, r >> 13, r & 0x1fff);
	if (a.policy == 6)
		printf("deadline runtime %llu deadline %llu period %llu\n", (unsigned long long)a.runtime,
		       (unsigned long long)a.deadline, (unsigned long long)a.period);
	fflush(stdout);
}

static void print_affinity(void)
{
	cpu_set_t set;
	const char *sep = "";

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	printf("cpus ");
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set)) {
			printf("%s%d", sep, i);
			sep = ",";
		}
	printf("\n");
}

int main(int argc, char **argv)
{
	unsigned long nodes[16] = { 0 };
	struct utsname u;
	int mode = -1;

	(void)argv;
	print_scheduling("sched", "ioprio");
	if (argc < 2) {
		pid_t pid = fork();

		if (pid == 0) {
			print_scheduling("child", "childio");
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	uname(&u);
	syscall(SYS_get_mempolicy, &mode, nodes, 1025ul, 0ul, 0ul);
	printf("personality %d\nmachine %s\nmempolicy mode %d node0 %lu\n", personality(0xffffffff), u.machine, mode,
	       nodes[0]);
	print_affinity();
	return 0;
}
