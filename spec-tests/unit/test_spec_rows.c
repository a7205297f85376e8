/* SPDX-License-Identifier: Apache-2.0 */
/* Every property of the specification has a row, every row is a property of the specification, and whoever a row names as its
 * applier exists. */

#include <check.h>

#include <unistd.h>

#include "base/cleanup.h"
#include "spec/fields.h"

enum { PATHS_MAX = 1024, PATH_LEN = 160 };

struct paths {
	char path[PATHS_MAX][PATH_LEN];
	size_t len;
};

static struct paths listed, rows, modules;

static const char *source(const char *file, char *out, size_t len)
{
	const char *dir = getenv("srcdir");

	snprintf(out, len, "%s/%s", dir ? dir : ".", file);
	return out;
}

static void add(struct paths *p, const char *prefix, const char *rest)
{
	if (CHECK(p->len < PATHS_MAX))
		snprintf(p->path[p->len++], PATH_LEN, "%s%s", prefix, rest);
}

static bool has(const struct paths *p, const char *path)
{
	for (size_t i = 0; i < p->len; i++)
		if (!strcmp(p->path[i], path))
			return true;
	return false;
}

static bool read_list(const char *file)
{
	char name[512], line[PATH_LEN];
	FILE *f = fopen(source(file, name, sizeof(name)), "re");

	if (!CHECK(f != NULL))
		return false;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		if (*line)
			add(&listed, line, "");
	}
	fclose(f);
	return true;
}

static void walk(const struct spec_object *o, const char *prefix)
{
	for (size_t i = 0; i < o->len; i++) {
		const struct spec_field *f = &o->fields[i];
		char path[PATH_LEN - 8];

		if (f->kind == SPEC_KEY)
			continue;
		snprintf(path, sizeof(path), "%s.%s", prefix, f->key);
		add(&rows, path, "");
		if (f->kind == SPEC_MAP || f->kind == SPEC_OMAP)
			add(&rows, path, ".*");
		if (f->kind == SPEC_LIST)
			strcat(path, "[]");
		if (f->kind == SPEC_OMAP)
			strcat(path, ".*");
		if (f->elem)
			walk(f->elem, path);
	}
}

static bool load(void)
{
	if (rows.len)
		return true;
	walk(&spec_object_config, "config");
	walk(&spec_object_state, "state");
	walk(&spec_object_features, "features");
	walk(&spec_object_process_state, "containerProcessState");
	return read_list("spec-tests/schema/paths.txt") && read_list("spec-tests/schema/paths-prose.txt");
}

TEST(each_property_has_a_row)
{
	REQUIRE(load());
	CHECK(listed.len > 370);
	/* the state inside the process state is listed once, as the state document */
	for (size_t i = 0; i < listed.len; i++)
		if (!CHECK(has(&rows, listed.path[i])))
			printf("# no row for %s\n", listed.path[i]);
}

TEST(each_row_is_a_property)
{
	static const char inner[] = "containerProcessState.state.";

	REQUIRE(load());
	for (size_t i = 0; i < rows.len; i++)
		if (strncmp(rows.path[i], inner, sizeof(inner) - 1) && !CHECK(has(&listed, rows.path[i])))
			printf("# not in the specification: %s\n", rows.path[i]);
}

static void check_who(const struct spec_object *o)
{
	for (size_t i = 0; i < o->len; i++) {
		const struct spec_field *f = &o->fields[i];
		char rel[128], name[512];

		if (f->kind == SPEC_KEY)
			continue;
		CHECK(f->who && *f->who);
		if (f->by == SPEC_BY && !has(&modules, f->who)) {
			add(&modules, f->who, "");
			snprintf(rel, sizeof(rel), "src/%s.c", f->who);
			if (!CHECK(access(source(rel, name, sizeof(name)), F_OK) == 0))
				printf("# %s.%s: there is no %s\n", o->name, f->key, rel);
		}
		if (f->elem)
			check_who(f->elem);
	}
}

TEST(each_applier_exists)
{
	check_who(&spec_object_config);
	check_who(&spec_object_state);
	check_who(&spec_object_features);
}

static void check_sane(const struct spec_object *o, int depth)
{
	REQUIRE(depth < 10);
	for (size_t i = 0; i < o->len; i++) {
		const struct spec_field *f = &o->fields[i];
		bool many = f->kind >= SPEC_STRS && f->kind != SPEC_OBJ;

		CHECK(f->kind == SPEC_KEY || (f->key && *f->key));
		CHECK(f->off < o->size);
		CHECK(!many || (f->off_len > f->off && f->off_set > f->off_len && f->off_set < o->size));
		CHECK((f->kind == SPEC_ENUM || f->kind == SPEC_ENUMS) == (f->vocab != NULL));
		CHECK((f->kind == SPEC_OBJ || f->kind == SPEC_LIST || f->kind == SPEC_OMAP) == (f->elem != NULL));
		CHECK(f->kind != SPEC_OMAP || spec_field_key(f->elem));
		CHECK(f->kind != SPEC_I64 || f->min <= (int64_t)f->max);
		for (size_t j = 0; j < i; j++)
			CHECK(!f->key || !o->fields[j].key || strcmp(f->key, o->fields[j].key));
		if (f->elem)
			check_sane(f->elem, depth + 1);
	}
}

TEST(tables_are_sane)
{
	check_sane(&spec_object_config, 0);
	check_sane(&spec_object_state, 0);
	check_sane(&spec_object_features, 0);
	check_sane(&spec_object_process_state, 0);
}

/* Numbers of the specification and the kernel, written out a second time. */
TEST(ranges)
{
	static const struct {
		const struct spec_object *o;
		const char *key;
		int64_t min;
		uint64_t max;
	} rows_[] = {
		{ &spec_object_console_size, "height", 0, 65535 },
		{ &spec_object_console_size, "width", 0, 65535 },
		{ &spec_object_user, "uid", 0, 4294967294 },
		{ &spec_object_user, "gid", 0, 4294967294 },
		{ &spec_object_user, "umask", 0, 511 },
		{ &spec_object_user, "additionalGids", 0, 4294967294 },
		{ &spec_object_io_priority, "priority", 0, 7 },
		{ &spec_object_scheduler, "nice", -20, 19 },
		{ &spec_object_scheduler, "priority", 0, 99 },
		{ &spec_object_process, "oomScoreAdj", -1000, 1000 },
		{ &spec_object_hook, "timeout", 1, 2147483 },
		{ &spec_object_id_mapping, "size", 0, 4294967295 },
		{ &spec_object_device, "uid", 0, 4294967294 },
		{ &spec_object_device, "gid", 0, 4294967294 },
		{ &spec_object_seccomp_arg, "index", 0, 5 },
		{ &spec_object_seccomp_arg, "value", 0, UINT64_MAX },
		{ &spec_object_seccomp_arg, "valueTwo", 0, UINT64_MAX },
		{ &spec_object_time_offset, "secs", INT64_MIN, INT64_MAX },
		{ &spec_object_time_offset, "nanosecs", 0, 999999999 },
		{ &spec_object_pids, "limit", -1, 4194304 },
		{ &spec_object_block_io, "weight", 0, 1000 },
		{ &spec_object_weight_device, "weight", 0, 1000 },
		{ &spec_object_throttle_device, "rate", 0, UINT64_MAX },
		{ &spec_object_cpu, "idle", 0, 1 },
		{ &spec_object_hugepage_limit, "limit", 0, UINT64_MAX },
		{ &spec_object_memory, "limit", -1, INT64_MAX },
		{ &spec_object_memory, "swap", -1, INT64_MAX },
		{ &spec_object_memory, "swappiness", 0, 100 },
		{ &spec_object_if_priority, "priority", 0, 4294967295 },
		{ &spec_object_cgroup_network, "classID", 0, 4294967295 },
		{ &spec_object_rlimit, "soft", 0, UINT64_MAX },
		{ &spec_object_rlimit, "hard", 0, UINT64_MAX },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows_); i++) {
		const struct spec_field *f = spec_field_find(rows_[i].o, rows_[i].key);

		REQUIRE(f != NULL);
		if (!CHECK(f->min == rows_[i].min && f->max == rows_[i].max))
			printf("# %s.%s\n", rows_[i].o->name, f->key);
	}
}

TEST(vocabularies)
{
	static const struct {
		const struct vocab *v;
		size_t len;
	} all[] = {
		{ &vocab_namespace, 8 },      { &vocab_propagation, 8 },      { &vocab_rlimit, 16 },
		{ &vocab_device_type, 4 },    { &vocab_device_rule_type, 3 }, { &vocab_ioprio_class, 3 },
		{ &vocab_sched_policy, 7 },   { &vocab_sched_flag, 7 },       { &vocab_seccomp_action, 9 },
		{ &vocab_seccomp_op, 7 },     { &vocab_seccomp_flag, 4 },     { &vocab_seccomp_arch, 23 },
		{ &vocab_mempolicy_mode, 7 }, { &vocab_mempolicy_flag, 3 },   { &vocab_personality_domain, 2 },
		{ &vocab_status, 4 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		const struct vocab *v = all[i].v;

		CHECK_INT(v->len, all[i].len);
		for (size_t j = 0; j < v->len; j++) {
			CHECK(vocab_find(v, v->words[j].name) == &v->words[j]);
			CHECK_STR(vocab_name(v, v->words[j].value), v->words[j].name);
		}
	}
}

CHECK_MAIN();
