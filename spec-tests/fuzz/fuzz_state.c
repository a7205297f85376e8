/* SPDX-License-Identifier: Apache-2.0 */
/* state.json as found on disk: read or refused with an explanation; what is read is saved and read as the same. It is looked for by the
 * id that it has, and a checksum that it has is made to fit: neither is to keep the fuzzer from what comes after it. */
#include "fuzz.h"

#include <fcntl.h>
#include <unistd.h>

#include "container/dir.h"
#include "container/state.h"
#include "json/read.h"

static char dir[] = "/dev/shm/masu-fuzz-XXXXXX";
static int dir_fd = -1;

static void remove_dir(void)
{
	unlinkat(dir_fd, "state.json", 0);
	rmdir(dir);
}

static void prepare(void)
{
	MUST(mkdtemp(dir));
	atexit(remove_dir);
	dir_fd = open(dir, O_DIRECTORY | O_CLOEXEC);
	MUST(dir_fd >= 0);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void must_be_same(const struct state *one, const struct state *two)
{
	MUST(same_text(one->id, two->id) && same_text(one->bundle, two->bundle) && same_text(one->rootfs, two->rootfs));
	MUST(same_text(one->created, two->created) && same_text(one->cgroup, two->cgroup));
	MUST(one->pid == two->pid && one->start_time == two->start_time && one->owner == two->owner);
	/* The others are about this group. */
	MUST(same_text(one->rdt_group, two->rdt_group));
	MUST(!one->rdt_group || (same_text(one->rdt_monitor, two->rdt_monitor) && one->rdt_own == two->rdt_own));
	MUST(one->has_process == two->has_process && one->has_poststart == two->has_poststart &&
	     one->has_listener == two->has_listener);
	MUST(one->keyring == two->keyring && one->shared_pid == two->shared_pid &&
	     one->annotations_len == two->annotations_len);
	for (size_t i = 0; i < one->annotations_len; i++)
		MUST(same_text(one->annotations[i].key, two->annotations[i].key) &&
		     same_text(one->annotations[i].value, two->annotations[i].value));
	for (size_t i = 0; i < DESCRIPTORS_LEN; i++)
		MUST(same_text(one->descriptors[i] ? one->descriptors[i] : "",
			       two->descriptors[i] ? two->descriptors[i] : ""));
	for (size_t i = 0; one->allowed && one->allowed[i]; i++)
		MUST(two->allowed && same_text(one->allowed[i], two->allowed[i]));
}

/* The id of the document, "box" where it has none. */
static void find_id(const char *text, size_t len, char *ret, size_t size)
{
	AUTO(jr_free) struct jr_doc *doc = NULL;
	const struct jr_value *v =
		jr_parse("x", text, len, &doc, &(struct err){ 0 }) == 0 ? jr_get(jr_root(doc), "id") : NULL;
	const char *id = "box";

	if (v)
		jr_str(doc, v, NULL, &id, NULL, &(struct err){ 0 });
	snprintf(ret, size, "%s", id);
}

static void fit_checksum(char *text, size_t len)
{
	char *end = NULL, sum[STATE_SUM_LEN];

	for (char *p = strstr(text, STATE_SUM_KEY); p; p = strstr(p + 1, STATE_SUM_KEY))
		end = p;
	if (!end || (size_t)(text + len - end) < strlen(STATE_SUM_KEY) + sizeof(sum) - 1)
		return;
	state_sum(text, (size_t)(end - text), sum);
	memcpy(end + strlen(STATE_SUM_KEY), sum, sizeof(sum) - 1);
}

static void put(const char *text, size_t len)
{
	autoclose int fd = -1;

	unlinkat(dir_fd, "state.json", 0);
	fd = openat(dir_fd, "state.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	MUST(fd >= 0 && write(fd, text, len) == (ssize_t)len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(arena_done) struct arena a = { 0 };
	autofree char *text = strndup((const char *)data, len);
	struct state one, two;
	struct err err = { 0 };
	char id[4096];
	int r;

	if (dir_fd < 0)
		prepare();
	/* As it is: what follows a NUL, too. */
	put((const char *)data, len);
	r = state_load(dir_fd, "box", &a, &one, &err);
	if (r < 0)
		must_explain(r, &err);
	len = strlen(text);
	fit_checksum(text, len);
	find_id(text, len, id, sizeof(id));
	put(text, len);
	err = (struct err){ 0 };
	r = state_load(dir_fd, id, &a, &one, &err);
	if (r < 0) {
		must_explain(r, &err);
		return 0;
	}
	MUST(one.id && one.bundle && one.pid >= 0);
	MUST(state_save(dir_fd, &one, &err) == 0);
	MUST(state_load(dir_fd, id, &a, &two, &err) == 0);
	must_be_same(&one, &two);
	return 0;
}
