/* SPDX-License-Identifier: Apache-2.0 */
/* Ownership made visible: autofree, autoclose, AUTO(fn) at the declaration, take_*() at the hand-over.
 * Every cleanup keeps errno. */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *p)
{
	int saved = errno;

	free(*(void **)p);
	errno = saved;
}

static inline void cleanup_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -EBADF;
	errno = saved;
}

static inline void cleanup_closedir(DIR **d)
{
	int saved = errno;

	if (*d)
		closedir(*d);
	errno = saved;
}

#define AUTO(fn) __attribute__((cleanup(fn)))
#define autofree AUTO(cleanup_free)
#define autoclose AUTO(cleanup_close)
#define autoclosedir AUTO(cleanup_closedir)

static inline int take_fd(int *fd)
{
	int r = *fd;

	*fd = -EBADF;
	return r;
}

#define take_ptr(p)                                  \
	({                                           \
		__typeof__(p) take_p_ = (p);         \
		__typeof__(*(p)) take_r_ = *take_p_; \
		*take_p_ = NULL;                     \
		take_r_;                             \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
