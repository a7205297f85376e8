/* SPDX-License-Identifier: Apache-2.0 */
/* masu-init as a sealed memfd: what a container can see of its runtime is a private copy that nobody can write. */
#pragma once

#include "base/err.h"

/* Owned fd, sealed against writing, growing, shrinking and further seals. */
int image_open(struct err *err);
