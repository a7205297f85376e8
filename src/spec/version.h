/* SPDX-License-Identifier: Apache-2.0 */
/* SemVer 2.0.0, for ociVersion. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SPEC_VERSION "1.3.0" /* what this runtime implements */
#define SPEC_VERSION_MIN "1.0.0"
#define SPEC_VERSION_MAJOR 1
#define SPEC_VERSION_MINOR 3

struct spec_version {
	uint64_t major, minor, patch;
	const char *pre; /* into the parsed string; without the '-' */
	size_t pre_len;  /* 0: a release */
};

/* 0 or -EINVAL. */
int spec_version_parse(const char *s, struct spec_version *ret);
/* <0, 0, >0 by precedence: build metadata does not count, a pre-release comes before its release. */
int spec_version_compare(const struct spec_version *a, const struct spec_version *b);
