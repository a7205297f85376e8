/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the copy of the document. */

#include "container/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "container/dir.h"
#include "spec/decode.h"

int snapshot_load(int dir_fd, struct snapshot *ret, struct err *err)
{
	autoclose int fd = openat(dir_fd, DIR_CONFIG, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int r;

	memset(ret, 0, sizeof(*ret));
	if (fd < 0)
		return err_sys(err, "open the container's copy of its document");
	r = io_read_all(fd, 16 << 20, &ret->json);
	if (r < 0)
		return err_code(err, r, "read the container's copy of its document");
	return spec_decode_config(DIR_CONFIG, ret->json.data ? ret->json.data : "", ret->json.len, &ret->arena,
				  &ret->config, err);
}

int snapshot_load_annotated(int dir_fd, char *const *allowed, struct snapshot *ret, struct err *err)
{
	int r = snapshot_load(dir_fd, ret, err);

	if (r >= 0)
		r = annotations_parse(ret->config, allowed, &ret->arena, &ret->annotations, err);
	if (r < 0)
		return r;
	ret->config = annotations_apply(ret->config, &ret->annotations, &ret->arena);
	return ret->config ? 0 : err_set(err, ENOMEM, "read the annotations");
}

void snapshot_done(struct snapshot *s)
{
	buf_done(&s->json);
	arena_done(&s->arena);
	s->config = NULL;
}
