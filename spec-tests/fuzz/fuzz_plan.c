/* SPDX-License-Identifier: Apache-2.0 */
/* From a document to the whole plan, as `masu plan` makes it: no crash, an explained error or a text, and the same text again. */
#include "fuzz.h"

#include <fcntl.h>
#include <unistd.h>

#include "masu/masu.h"

static char dir[] = "/dev/shm/masu-fuzz-XXXXXX", config[64];
static struct masu_runtime *rt;

static void remove_dir(void)
{
	unlink(config);
	rmdir(dir);
}

static void prepare(void)
{
	static const struct masu_runtime_options o = { .size = sizeof(o), .root = "/nonexistent/masu-fuzz" };
	struct masu_error err;

	MUST(mkdtemp(dir));
	atexit(remove_dir);
	snprintf(config, sizeof(config), "%s/config.json", dir);
	MUST(masu_runtime_new(&o, &rt, &err) == 0);
}

static int keep(void *arg, const char *data, size_t len)
{
	return buf_add(arg, data, len);
}

static int plan(struct buf *text, struct masu_error *err)
{
	const struct masu_create_options o = { .size = sizeof(o), .bundle = dir, .plan_cgroups = MASU_PLAN_CGROUPS_V2 };

	return masu_plan(rt, "box", &o, MASU_PLAN_TEXT, keep, text, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(buf_done) struct buf one = { 0 }, two = { 0 };
	struct masu_error err = { 0 };
	int fd;

	if (!rt)
		prepare();
	fd = open(config, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	MUST(fd >= 0 && write(fd, data, len) == (ssize_t)len);
	close(fd);
	if (plan(&one, &err) < 0) {
		MUST(err.text[0]);
		return 0;
	}
	MUST(plan(&two, &err) == 0);
	MUST(one.len == two.len && memcmp(one.data, two.data, one.len) == 0);
	return 0;
}
