/* SPDX-License-Identifier: Apache-2.0 */
/* The border to include/masu: errors, log, versions. */

#include "container/api.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "kernel/security/seccomp.h"
#include "spec/version.h"

#ifndef MASU_VERSION
#define MASU_VERSION PACKAGE_VERSION
#endif
#ifndef MASU_COMMIT
#define MASU_COMMIT ""
#endif

int api_return(int r, const struct err *err, struct masu_error *error)
{
	if (!error || r >= 0)
		return r;
	error->code = err->code > 0 ? err->code : -r;
	snprintf(error->step, sizeof(error->step), "%s", err->step);
	snprintf(error->pointer, sizeof(error->pointer), "%s", err->pointer);
	snprintf(error->hint, sizeof(error->hint), "%s", err->hint);
	if (err->text[0])
		snprintf(error->text, sizeof(error->text), "%s", err->text);
	else
		snprintf(error->text, sizeof(error->text), "%s", strerror(-r));
	return r;
}

int api_options(void *copy, size_t size, const void *o, struct err *err)
{
	const unsigned char *p = o;
	size_t given = size;

	memset(copy, 0, size);
	if (o)
		memcpy(&given, o, sizeof(given));
	if (given < sizeof(given))
		return err_set(err, EINVAL, "use options: they do not say their size");
	for (size_t i = size; o && i < given; i++)
		if (p[i])
			return err_set(err, E2BIG, "use options: they are of a later version");
	if (o)
		memcpy(copy, o, given < size ? given : size);
	memcpy(copy, &size, sizeof(size));
	return 0;
}

int api_flags(unsigned given, unsigned known, struct err *err)
{
	return given & ~known ? err_set(err, EINVAL, "use flags %#x: not known here", given & ~known) : 0;
}

static masu_log_fn *log_fn;

static void to_caller(void *arg, enum log_level level, const char *text)
{
	log_fn(arg, (int)level, text);
}

void masu_set_log(masu_log_fn *fn, void *arg, int max_level)
{
	log_fn = fn;
	log_set_sink(fn ? to_caller : NULL, arg, (enum log_level)max_level);
}

const char *masu_version(void)
{
	return MASU_VERSION;
}

const char *masu_commit(void)
{
	return MASU_COMMIT;
}

const char *masu_spec_version(void)
{
	return SPEC_VERSION;
}

const char *masu_libseccomp_version(void)
{
	static char text[32];
	unsigned v[3];

	seccomp_features_version(v);
	snprintf(text, sizeof(text), "%u.%u.%u", v[0], v[1], v[2]);
	return text;
}
