/* SPDX-License-Identifier: Apache-2.0 */
/* The rules between properties: each rule has documents that it refuses, at the right place, and documents next to them that
 * it lets pass. A rule without a refusing case fails the last test. */

#include <check.h>

#include <errno.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "spec/check.h"
#include "spec/decode.h"
#include "spec/fields.h"
#include "spec_check_rows.h"

static const struct area {
	const char *name;
	const struct spec_rules *table;
	const struct row *rows;
	size_t len;
} areas[] = {
	{ "document", &spec_rules_document, document_rows, ARRAY_SIZE(document_rows) },
	{ "process", &spec_rules_process, process_rows, ARRAY_SIZE(process_rows) },
	{ "ids", &spec_rules_ids, ids_rows, ARRAY_SIZE(ids_rows) },
	{ "linux", &spec_rules_linux, linux_rows, ARRAY_SIZE(linux_rows) },
	{ "sysctl", &spec_rules_sysctl, sysctl_rows, ARRAY_SIZE(sysctl_rows) },
	{ "seccomp", &spec_rules_seccomp, seccomp_rows, ARRAY_SIZE(seccomp_rows) },
	{ "rdt", &spec_rules_rdt, rdt_rows, ARRAY_SIZE(rdt_rows) },
	{ "resources", &spec_rules_resources, resources_rows, ARRAY_SIZE(resources_rows) },
};

static const struct spec_rule *find_rule(const struct area *area, const char *name)
{
	size_t n = strlen(area->name);

	for (size_t i = 0; i < area->table->len && !strncmp(name, area->name, n) && name[n] == '/'; i++)
		if (!strcmp(area->table->rules[i].name, name + n + 1))
			return &area->table->rules[i];
	return NULL;
}

static int run_rule(const struct spec_rule *rule, const struct spec_config *c, struct err *err)
{
	struct spec_check k = { .name = "config.json", .config = c, .process = c->process, .lnx = c->lnx, .err = err };

	k.resources = c->lnx ? c->lnx->resources : NULL;
	k.base = k.resources ? "/linux/resources" : "/process";
	return rule->fn(&k);
}

static void check_row(const struct area *area, const struct row *row)
{
	AUTO(arena_done) struct arena a = { 0 };
	const struct spec_rule *rule = find_rule(area, row->rule);
	const struct spec_config *whole;
	struct err err = { 0 };
	const void *c;

	REQUIRE(rule != NULL);
	if (!CHECK_ERR(
		    spec_decode_object(&spec_object_config, "config.json", row->json, strlen(row->json), &a, &c, &err),
		    0)) {
		printf("# %s: %s: %s\n", row->rule, row->json, err.text);
		return;
	}
	if (!CHECK_ERR(run_rule(rule, c, &err), row->pointer ? -EINVAL : 0) ||
	    (row->pointer && !CHECK_STR(err.pointer, row->pointer)))
		printf("# %s: %s: %s\n", row->rule, row->json, err.text);
	err_clear(&err);
	if (!CHECK_ERR(spec_decode_config("config.json", row->json, strlen(row->json), &a, &whole, &err),
		       row->pointer ? -EINVAL : 0))
		printf("# %s: %s: %s\n", row->rule, row->json, err.text);
	if (row->pointer) {
		CHECK_STR(err.pointer, row->pointer);
		CHECK(!strncmp(err.text, "config.json: /", 14));
	}
}

static void check_area(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(areas); i++)
		for (size_t j = 0; !strcmp(areas[i].name, name) && j < areas[i].len; j++)
			check_row(&areas[i], &areas[i].rows[j]);
}

TEST(document)
{
	check_area("document");
}
TEST(process)
{
	check_area("process");
}
TEST(ids)
{
	check_area("ids");
}
TEST(linux_area)
{
	check_area("linux");
}
TEST(sysctl)
{
	check_area("sysctl");
}
TEST(seccomp)
{
	check_area("seccomp");
}
TEST(rdt)
{
	check_area("rdt");
}
TEST(resources)
{
	check_area("resources");
}

static int decode(const struct buf *b, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	const struct spec_config *c;

	err_clear(err);
	return spec_decode_config("config.json", b->data, b->len, &a, &c, err);
}

TEST(mappings_limit)
{
	for (size_t n = 340; n <= 341; n++) {
		AUTO(buf_done) struct buf b = { 0 };
		struct err err = { 0 };

		buf_adds(&b, "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},\"linux\":{" NS(
				     "user") ",\"gidMappings\":[" MAP1(0, 0, 1) "],\"uidMappings\":[");
		for (size_t i = 0; i < n; i++)
			buf_addf(&b, "%s{\"containerID\":%zu,\"hostID\":%zu,\"size\":1}", i ? "," : "", i, i);
		buf_adds(&b, "]}}");
		CHECK_ERR(decode(&b, &err), n == 340 ? 0 : -EINVAL);
		CHECK_STR(err.pointer, n == 340 ? "" : "/linux/uidMappings");
	}
}

TEST(groups)
{
	AUTO(buf_done) struct buf b = { 0 };
	struct err err = { 0 };

	buf_adds(
		&b,
		"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":\"/\",\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[0");
	for (int i = 0; i < 65535; i++)
		buf_adds(&b, ",1");
	buf_adds(&b, "]}}}");
	CHECK_ERR(decode(&b, &err), 0);
	b.len -= 4;
	buf_adds(&b, ",1]}}}");
	CHECK_ERR(decode(&b, &err), -EINVAL);
	CHECK_STR(err.pointer, "/process/user/additionalGids");
}

TEST(net_devices_limit)
{
	AUTO(buf_done) struct buf b = { 0 };
	struct err err = { 0 };

	buf_adds(&b, "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},\"linux\":{" NS(
			     "network") ",\"netDevices\":{\"z\":{}");
	for (int i = 0; i < 1023; i++)
		buf_addf(&b, ",\"a%d\":{\"name\":\"b%d\"}", i, i);
	buf_adds(&b, "}}}");
	CHECK_ERR(decode(&b, &err), 0);
	b.len -= 3;
	buf_adds(&b, ",\"y\":{}}}}");
	CHECK_ERR(decode(&b, &err), -EINVAL);
	CHECK_STR(err.pointer, "/linux/netDevices");
}

static char warned[512];

static void sink(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	(void)level;
	snprintf(warned, sizeof(warned), "%s", text);
}

TEST(warnings)
{
	static const struct {
		const char *json, *text;
	} rows[] = {
		{ "{\"ociVersion\":\"1.4.0-rc1\",\"root\":{\"path\":\"r\"}}",
		  "config.json: /ociVersion: newer than 1.3.0; what it added is not known here" },
		{ RDT("\"l3CacheSchema\":\"x\""),
		  "config.json: /linux/intelRdt/l3CacheSchema: should start with `L3:`" },
		{ L(NS("user\",\"path\":\"/p") ",\"uidMappings\":[" MAP1(0, 0, 1) "]"),
		  "config.json: /linux/uidMappings: not used, the user namespace is joined" },
	};

	log_set_sink(sink, NULL, LOG_LEVEL_WARN);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct buf b = { .data = (char *)(uintptr_t)rows[i].json, .len = strlen(rows[i].json) };
		struct err err = { 0 };

		warned[0] = 0;
		CHECK_ERR(decode(&b, &err), 0);
		CHECK_STR(warned, rows[i].text);
	}
	log_set_sink(NULL, NULL, LOG_LEVEL_ERROR);
}

/* Documents of their own: pointers start at their root. */
TEST(parts)
{
	AUTO(arena_done) struct arena a = { 0 };
	const struct spec_process *p;
	const struct spec_resources *r;
	struct err err = { 0 };
	static const char process[] = "{\"cwd\":\"/\",\"args\":[]}",
			  resources[] = "{\"memory\":{\"limit\":2,\"swap\":1}}";

	CHECK_ERR(spec_decode_process("p.json", process, strlen(process), &a, &p, &err), -EINVAL);
	CHECK_STR(err.text, "p.json: /args: needs at least one entry");
	err_clear(&err);
	CHECK_ERR(spec_decode_resources("r.json", resources, strlen(resources), &a, &r, &err), -EINVAL);
	CHECK_STR(err.text, "r.json: /memory/swap: below the memory limit");
}

static bool has_case(const struct area *area, const char *rule)
{
	size_t n = strlen(area->name) + 1;

	for (size_t i = 0; i < area->len; i++)
		if (!strcmp(area->rows[i].rule + n, rule) && area->rows[i].pointer)
			return true;
	/* these have tests of their own above */
	return !strcmp(rule, "groups") || !strcmp(rule, "destination");
}

TEST(each_rule_has_a_case)
{
	for (size_t i = 0; i < ARRAY_SIZE(areas); i++)
		for (size_t j = 0; j < areas[i].table->len; j++) {
			CHECK(areas[i].table->rules[j].matrix[0] != 0);
			if (!CHECK(has_case(&areas[i], areas[i].table->rules[j].name)))
				printf("# %s/%s\n", areas[i].name, areas[i].table->rules[j].name);
		}
}

CHECK_MAIN();
