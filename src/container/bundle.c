/* SPDX-License-Identifier: Apache-2.0 */
/* Loading a bundle: where it is, its document, decoded and checked. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/mutation.h"
#include "base/path.h"
#include "container/plan.h"
#include "spec/decode.h"

#define CONFIG_MAX (16 << 20)

static int find_bundle(const char *dir, char *out, size_t len, struct err *err)
{
	char cwd[4096];
	int r;

	if (!getcwd(cwd, sizeof(cwd)) || cwd[0] != '/') {
		if (!dir || dir[0] != '/')
			return err_set(err, ENOENT, "find the current directory: it does not exist any more");
		cwd[0] = '\0';
	}
	r = path_clean(cwd[0] ? cwd : NULL, dir && *dir ? dir : cwd, out, len);
	return r < 0 ? err_code(err, r, "use bundle `%s`", dir) : 0;
}

static int read_config(struct bundle *b, struct err *err)
{
	autoclose int fd = open(b->config_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int r;

	if (fd < 0)
		return err_sys(err, "open `%s`", b->config_path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "read `%s`: not a regular file", b->config_path);
	r = io_read_all(fd, CONFIG_MAX, &b->json);
	if (r == -EFBIG)
		return err_set(err, EFBIG, "read `%s`: larger than %d MiB", b->config_path, CONFIG_MAX >> 20);
	return r < 0 ? err_code(err, r, "read `%s`", b->config_path) : 0;
}

int bundle_load(const char *dir, const char *config_file, struct bundle *ret, struct err *err)
{
	const char *name = config_file && *config_file ? config_file : "config.json";
	int r;

	if (MUTATION(CONFIG) && access("rootfs/config.json", F_OK) == 0)
		name = "rootfs/config.json";
	memset(ret, 0, sizeof(*ret));
	r = find_bundle(dir, ret->path, sizeof(ret->path), err);
	if (r < 0)
		return r;
	if (name[0] == '/')
		snprintf(ret->config_path, sizeof(ret->config_path), "%s", name);
	else
		snprintf(ret->config_path, sizeof(ret->config_path), "%s/%.100s", ret->path, name);
	r = read_config(ret, err);
	if (r >= 0)
		r = spec_decode_config(path_basename(name), ret->json.data ? ret->json.data : "", ret->json.len,
				       &ret->arena, &ret->config, err);
	if (r >= 0)
		r = spec_refuse_unapplied(ret->config, err);
	if (r < 0)
		bundle_done(ret);
	return r;
}

int bundle_annotate(struct bundle *b, char *const *allowed, struct err *err)
{
	int r = annotations_parse(b->config, allowed, &b->arena, &b->annotations, err);

	if (r < 0)
		return r;
	annotations_warn(b->config, allowed);
	b->config = annotations_apply(b->config, &b->annotations, &b->arena);
	return b->config ? 0 : err_set(err, ENOMEM, "read the annotations");
}

void bundle_done(struct bundle *b)
{
	buf_done(&b->json);
	arena_done(&b->arena);
	b->config = NULL;
}
