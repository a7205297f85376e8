/* SPDX-License-Identifier: Apache-2.0 */
/* Signal names and numbers of Linux on x86_64 and aarch64. Not the libc's: SIGRTMIN differs between glibc and musl,
 * and callers mean what the kernel's 34 means to glibc programs. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/parse.h"

#define SIGNAL_MAX 64
#define SIGNAL_RTMIN 34

static const char *const signal_names[SIGNAL_MAX + 1] = {
	NULL,       "HUP",      "INT",      "QUIT",     "ILL",      "TRAP",     "ABRT",     "BUS",      "FPE",
	"KILL",     "USR1",     "SEGV",     "USR2",     "PIPE",     "ALRM",     "TERM",     "STKFLT",   "CHLD",
	"CONT",     "STOP",     "TSTP",     "TTIN",     "TTOU",     "URG",      "XCPU",     "XFSZ",     "VTALRM",
	"PROF",     "WINCH",    "IO",       "PWR",      "SYS",      NULL,       NULL,       "RTMIN",    "RTMIN+1",
	"RTMIN+2",  "RTMIN+3",  "RTMIN+4",  "RTMIN+5",  "RTMIN+6",  "RTMIN+7",  "RTMIN+8",  "RTMIN+9",  "RTMIN+10",
	"RTMIN+11", "RTMIN+12", "RTMIN+13", "RTMIN+14", "RTMIN+15", "RTMAX-14", "RTMAX-13", "RTMAX-12", "RTMAX-11",
	"RTMAX-10", "RTMAX-9",  "RTMAX-8",  "RTMAX-7",  "RTMAX-6",  "RTMAX-5",  "RTMAX-4",  "RTMAX-3",  "RTMAX-2",
	"RTMAX-1",  "RTMAX",
};

static const struct {
	const char *name;
	int sig;
} signal_aliases[] = { { "IOT", 6 }, { "CLD", 17 }, { "POLL", 29 } };

/* RTMIN+n and RTMAX-n beyond the names of the table. */
static int parse_signal_realtime(const char *s)
{
	bool up = !strncasecmp(s, "RTMIN+", 6);
	uint64_t n;

	if (!up && strncasecmp(s, "RTMAX-", 6))
		return -EINVAL;
	if (parse_u64(s + 6, SIGNAL_MAX - SIGNAL_RTMIN, &n) < 0)
		return -EINVAL;
	return up ? SIGNAL_RTMIN + (int)n : SIGNAL_MAX - (int)n;
}

int parse_signal(const char *s)
{
	uint64_t n;

	if (!s)
		return -EINVAL;
	if (!parse_u64(s, SIGNAL_MAX, &n))
		return n ? (int)n : -EINVAL;
	if (!strncasecmp(s, "SIG", 3))
		s += 3;
	for (int i = 1; i <= SIGNAL_MAX; i++)
		if (signal_names[i] && !strcasecmp(s, signal_names[i]))
			return i;
	for (size_t i = 0; i < ARRAY_SIZE(signal_aliases); i++)
		if (!strcasecmp(s, signal_aliases[i].name))
			return signal_aliases[i].sig;
	return parse_signal_realtime(s);
}
