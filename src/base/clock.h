/* SPDX-License-Identifier: Apache-2.0 */
/* The monotonic clock, for deadlines and durations. A deadline is never a number of pauses: on a busy host, or one whose timers are
 * coarse, a pause of 5 ms takes 8 or 50. */
#pragma once

#include <stdint.h>
#include <time.h>

/* Nanoseconds since some moment before the host's start. */
static inline int64_t clock_ns(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* The same in milliseconds. */
static inline int64_t clock_ms(void)
{
	return clock_ns() / 1000000;
}

static inline void clock_pause_us(unsigned us)
{
	struct timespec t = { .tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000 };

	nanosleep(&t, NULL);
}
