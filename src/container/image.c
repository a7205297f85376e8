/* SPDX-License-Identifier: Apache-2.0 */
/* The embedded masu-init, copied into a sealed memfd per use (CVE-2019-5736, and page cache bugs: no container ever maps a page
 * of a file of the host for its runtime). The bytes come from init_image.S. */

#include "container/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/mutation.h"
#include "base/sys.h"

extern const char masu_init_image[], masu_init_image_end[];

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int make_memfd(void)
{
	int fd = sys_memfd_create("masu-init", MFD_CLOEXEC | MFD_ALLOW_SEALING | SYS_MFD_EXEC);

	/* MFD_EXEC is known since Linux 6.3; before, every memfd is executable. */
	if (fd < 0 && errno == EINVAL)
		fd = sys_memfd_create("masu-init", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd;
}

int image_open(struct err *err)
{
	autoclose int fd = make_memfd();
	int r;

	if (fd < 0) {
		r = err_sys(err, "make memfd for masu-init");
		if (r == -EACCES)
			err_hint(err, "sysctl vm.memfd_noexec must be 0 or 1");
		return r;
	}
	r = io_write_full(fd, masu_init_image, (size_t)(masu_init_image_end - masu_init_image));
	if (r < 0)
		return err_code(err, r, "write masu-init to its memfd");
	if (MUTATION(A8))
		return take_fd(&fd);
	if (fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return err_sys(err, "seal masu-init");
	if (fcntl(fd, F_GET_SEALS) != SEALS)
		return err_set(err, EPERM, "seal masu-init: the seals are not in force");
	return take_fd(&fd);
}
