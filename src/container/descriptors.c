/* SPDX-License-Identifier: Apache-2.0 */
/* Standard streams of a container as names. */

#include "container/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "json/read.h"
#include "json/write.h"

#define DESCRIPTORS_MAX 65536

int descriptors_look(int proc_fd, pid_t pid, struct arena *a, const char *ret[DESCRIPTORS_LEN], struct err *err)
{
	for (int i = 0; i < DESCRIPTORS_LEN; i++) {
		char path[64], target[4096];
		ssize_t n;

		snprintf(path, sizeof(path), "%d/fd/%d", pid, i);
		n = readlinkat(proc_fd, path, target, sizeof(target));
		ret[i] = arena_strndup(a, target, n > 0 && n < (ssize_t)sizeof(target) ? (size_t)n : 0);
		if (!ret[i])
			return err_set(err, ENOMEM, "look at the standard streams of process %d", pid);
	}
	return 0;
}

int descriptors_save(int images_fd, const char *const v[DESCRIPTORS_LEN], struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(jw_free) struct jw *w = jw_new(JW_COMPACT, jw_to_buf, &text);
	int r;

	jw_array(w);
	for (int i = 0; i < DESCRIPTORS_LEN; i++)
		jw_str(w, v[i] ? v[i] : "");
	jw_end(w);
	r = jw_finish(w);
	if (r >= 0)
		r = io_replace_at(images_fd, DESCRIPTORS_FILE, text.data, text.len, 0600);
	return r < 0 ? err_code(err, r, "write `%s`", DESCRIPTORS_FILE) : 0;
}

static int read_file(int images_fd, struct buf *text, struct err *err)
{
	autoclose int fd =
		openat(images_fd, DESCRIPTORS_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int r;

	if (fd < 0) {
		r = err_sys(err, "open `%s`", DESCRIPTORS_FILE);
		if (r == -ENOENT)
			err_hint(err, "the directory of the images is not that of a finished checkpoint");
		return r;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "read `%s`: not a regular file", DESCRIPTORS_FILE);
	/* The reader wants an object around it. */
	buf_adds(text, "{\"descriptors\":");
	r = io_read_all(fd, DESCRIPTORS_MAX, text);
	if (r >= 0)
		r = buf_adds(text, "}");
	return r < 0 ? err_code(err, r, "read `%s`", DESCRIPTORS_FILE) : 0;
}

int descriptors_load(int images_fd, struct arena *a, const char *ret[DESCRIPTORS_LEN], struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(jr_free) struct jr_doc *doc = NULL;
	const struct jr_value *list;
	int r = read_file(images_fd, &text, err);

	if (r >= 0)
		r = jr_parse(DESCRIPTORS_FILE, text.data, text.len, &doc, err);
	if (r < 0)
		return r;
	list = jr_get(jr_root(doc), "descriptors");
	if (!list || jr_type_of(list) != JR_ARRAY)
		return err_set(err, EINVAL, "read `%s`: expected an array", DESCRIPTORS_FILE);
	for (size_t i = 0; i < DESCRIPTORS_LEN; i++) {
		const char *s = "";

		if (i < jr_elements(list)) {
			r = jr_str(doc, jr_element(list, i), NULL, &s, NULL, err);
			if (r < 0)
				return r;
		}
		ret[i] = arena_strdup(a, s);
		if (!ret[i])
			return err_set(err, ENOMEM, "read `%s`", DESCRIPTORS_FILE);
	}
	return 0;
}
