/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a plan to masu-init, whoever made it. All descriptors that it names have their numbers by now. */

#include "container/plan.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/sys.h"

int plan_write(struct plan *p, struct buf *flat, int *ret_fd, struct err *err)
{
	int r;

	if (flat->error || flat->len > INT32_MAX)
		return err_set(err, flat->error ? ENOMEM : E2BIG, "build the plan");
	p->size = (uint32_t)flat->len;
	memcpy(flat->data, p, sizeof(*p));
	cleanup_close(ret_fd);
	*ret_fd = sys_memfd_create("masu-plan", MFD_CLOEXEC);
	if (*ret_fd < 0)
		return err_sys(err, "make memfd for the plan");
	r = io_write_full(*ret_fd, flat->data, flat->len);
	return r < 0 ? err_code(err, r, "write the plan") : 0;
}
