/* SPDX-License-Identifier: Apache-2.0 */
/* The devices that every container has (config-linux.md, Default Devices). The device rules and the features document read
 * the same table. */
#include "kernel/dev/dev.h"

#include "base/cleanup.h"

const struct dev_default dev_defaults[] = {
	{ "/dev/null", 'c', 1, 3, 0666 },   { "/dev/zero", 'c', 1, 5, 0666 },    { "/dev/full", 'c', 1, 7, 0666 },
	{ "/dev/random", 'c', 1, 8, 0666 }, { "/dev/urandom", 'c', 1, 9, 0666 }, { "/dev/tty", 'c', 5, 0, 0666 },
};
const size_t dev_defaults_len = ARRAY_SIZE(dev_defaults);
