/* SPDX-License-Identifier: Apache-2.0 */
/* Container ids (pure): the same characters as runc and crun, since the id becomes a directory name. */

#include "container/id.h"

#include <errno.h>
#include <string.h>

int id_check(const char *id, struct err *err)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+.-";
	size_t len = id ? strlen(id) : 0;

	if (len == 0)
		return err_set(err, EINVAL, "invalid container ID format: it is empty");
	if (len > 255)
		return err_set(err, EINVAL, "invalid container ID format: longer than 255 bytes");
	if (id[0] == '.')
		return err_set(err, EINVAL, "invalid container ID format `%s`: starts with a dot", id);
	if (strspn(id, allowed) != len)
		return err_set(err, EINVAL,
			       "invalid container ID format `%s`: only letters, digits and _+.- are allowed", id);
	return 0;
}
