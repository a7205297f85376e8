/* SPDX-License-Identifier: Apache-2.0 */
/* Only descriptors that the caller really handed over pass. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/sys.h"
#include "container/passed_fds.h"
#include "lib/check.h"

TEST(only_inheritable_ones)
{
	CHECK_INT(sys_close_range(3, ~0U, 0), 0);
	CHECK_INT(passed_fds_check(0, 0, NULL), 0);
	CHECK_INT(passed_fds_check(0, 1, NULL), -EBADF);
	CHECK_INT(passed_fds_check(1, 0, NULL), -EBADF);
	CHECK_INT(open("/dev/null", O_RDONLY), 3);
	CHECK_INT(passed_fds_check(0, 1, NULL), 0);
	CHECK_INT(passed_fds_check(1, 0, NULL), 0);
	CHECK_INT(passed_fds_check(1, 1, NULL), -EBADF);
	CHECK_INT(open("/dev/null", O_RDONLY | O_CLOEXEC), 4);
	CHECK_INT(passed_fds_check(1, 1, NULL), -EBADF);
	CHECK_INT(passed_fds_check(0, -1, NULL), -EINVAL);
	CHECK_INT(passed_fds_check(0, 2000, NULL), -EINVAL);
}

CHECK_MAIN();
