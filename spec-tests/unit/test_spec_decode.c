/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder: good documents come out right; for every property of the tables every kind of bad value is an error at its
 * own place. The bad documents are made from the tables, so a new property is tested at once. */

#include <check.h>

#include <errno.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "spec/decode.h"
#include "spec_gen.h"

static struct err err;

static int decode(const struct spec_object *o, const char *json)
{
	AUTO(arena_done) struct arena a = { 0 };
	const void *v;

	err_clear(&err);
	return spec_decode_object(o, "config.json", json, strlen(json), &a, &v, &err);
}

TEST(minimal)
{
	static const char json[] = "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"rootfs\"}}";
	AUTO(arena_done) struct arena a = { 0 };
	const struct spec_config *c = NULL;

	REQUIRE(spec_decode_config("config.json", json, strlen(json), &a, &c, &err) == 0);
	CHECK_STR(c->oci_version, "1.0.0");
	CHECK_STR(c->root->path, "rootfs");
	CHECK(!c->root->readonly.set && !c->process && !c->lnx && !c->hooks && !c->mounts && !c->mounts_set &&
	      !c->hostname);
	CHECK_ERR(spec_refuse_unapplied(c, &err), 0);
}

TEST(full)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = { 0 };
	const struct spec_config *c = NULL;

	REQUIRE(gen_read("spec-tests/schema/full.json", &b));
	err_clear(&err);
	if (!CHECK_ERR(spec_decode_config("config.json", b.data, b.len, &a, &c, &err), 0)) {
		printf("# %s\n", err.text);
		return;
	}
	CHECK_INT(c->hooks->poststop[0].timeout.value, 2147483);
	CHECK_STR(c->annotations[1].key, "com.example.empty");
	CHECK_STR(c->annotations[1].value, "");
	CHECK_INT(c->mounts_len, 3);
	CHECK_INT(c->mounts[2].gid_mappings[0].host_id.value, 200000);
	CHECK_STR(c->process->args[2], "");
	CHECK(c->process->args_len == 4 && !c->process->args[4]);
	CHECK_INT(c->process->user->umask.value, 077);
	CHECK(c->process->capabilities->ambient_set && !c->process->capabilities->ambient_len);
	CHECK(c->process->rlimits[1].hard.value == UINT64_MAX);
	CHECK_INT(c->lnx->devices[1].type.value, 'b');
	CHECK_STR(c->lnx->net_devices[1].key, "ens4");
	CHECK(!c->lnx->net_devices[1].name);
	CHECK_INT(c->lnx->namespaces[7].type.value, SPEC_NS_TIME);
	CHECK(c->lnx->resources->devices[2].type.set && !c->lnx->resources->devices[2].major.set);
	CHECK(!c->lnx->resources->devices[0].major.set);
	CHECK_INT(c->lnx->resources->hugepage_limits[0].limit.value, 9223372036854772000);
	CHECK_STR(c->lnx->resources->rdma[1].key, "rxe3");
	CHECK_INT(c->lnx->rootfs_propagation.value, SPEC_PROPAGATION_SLAVE);
	CHECK_INT(c->lnx->seccomp->syscalls[1].action.value, SPEC_ACT_NOTIFY);
	CHECK_INT(c->lnx->seccomp->flags[1], 32);
	CHECK_INT(c->lnx->time_offsets->boottime->secs.value, -5);
	CHECK(!c->process->command_line && !c->process->user->username && !c->windows && !c->vm && !c->solaris);
}

static void present(const struct spec_object *o, const void *object, const char *path)
{
	for (size_t i = 0; i < o->len; i++) {
		const struct spec_field *f = &o->fields[i];
		char here[JP_MAX];

		if (f->kind == SPEC_KEY || f->by == SPEC_IGNORED)
			continue;
		snprintf(here, sizeof(here), "%.150s/%.40s", path, f->key);
		if (!CHECK(spec_present(f, object))) {
			printf("# the full document lacks %s\n", here);
			continue;
		}
		/* the first element carries everything, except where only later ones do */
		if (f->kind == SPEC_OBJ)
			present(f->elem, *(const void *const *)spec_member(f, object), here);
		if ((f->kind == SPEC_LIST || f->kind == SPEC_OMAP) && strcmp(f->key, "mounts") &&
		    strcmp(f->key, "namespaces") && strcmp(f->key, "syscalls") && !(strstr(here, "resources/devices")))
			present(f->elem, spec_element(f, object, f->elem->size, 0), here);
	}
}

TEST(full_has_everything)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = { 0 };
	const void *c;

	REQUIRE(gen_read("spec-tests/schema/full.json", &b));
	REQUIRE(spec_decode_object(&spec_object_config, "config.json", b.data, b.len, &a, &c, &err) == 0);
	present(&spec_object_config, c, "");
}

/* ---- one bad value per property ---- */

enum bad {
	OBJECT_VALUE,
	ARRAY_VALUE,
	STRING,
	INTEGER,
	REAL,
	BOOLEAN,
	NULL_IN,
	BELOW,
	ABOVE,
	WORD,
	EMPTY,
	RELATIVE,
	EMPTY_KEY,
	WRONG_ELEMENT,
	GOOD
};

static void bad_leaf(struct jw *w, const struct spec_field *f, const void *arg)
{
	enum bad bad = *(const enum bad *)arg;
	bool array = f->kind == SPEC_STRS || f->kind == SPEC_ENUMS || f->kind == SPEC_U64S || f->kind == SPEC_LIST;
	bool map = f->kind == SPEC_MAP || f->kind == SPEC_OMAP;
	bool inside = (array || map) && (bad == NULL_IN || bad == BELOW || bad == ABOVE || bad == WORD ||
					 bad == RELATIVE || bad == WRONG_ELEMENT);

	if (bad == EMPTY_KEY || (inside && map)) {
		jw_object(w);
		jw_key(w, bad == EMPTY_KEY ? "" : "k");
	} else if (inside) {
		jw_array(w);
	}
	switch (bad) {
	case OBJECT_VALUE:
		jw_object(w);
		jw_end(w);
		break;
	case ARRAY_VALUE:
		jw_array(w);
		jw_end(w);
		break;
	case STRING:
		jw_str(w, "/x");
		break;
	case INTEGER:
		jw_i64(w, 0);
		break;
	case REAL:
		jw_i64(w, 7777777);
		break; /* becomes 7777777.0 in check_bad */
	case BOOLEAN:
		jw_bool(w, true);
		break;
	case NULL_IN:
		jw_null(w);
		break;
	case BELOW:
		jw_i64(w, (f->kind == SPEC_I64 ? f->min : 0) - (f->flags & SPEC_WILD ? 2 : 1));
		break;
	case ABOVE:
		jw_u64(w, f->max + 1);
		break;
	case WORD:
		jw_str(w, "no-such-word");
		break;
	case EMPTY:
		if (array) {
			jw_array(w);
			jw_end(w);
		} else {
			jw_str(w, "");
		}
		break;
	case RELATIVE:
		jw_str(w, "x");
		break;
	case EMPTY_KEY:
		if (f->kind == SPEC_OMAP) {
			gen_object(w, f->elem, NULL, 0, NULL, NULL);
		} else {
			jw_str(w, "x");
		}
		break;
	case WRONG_ELEMENT:
		jw_array(w);
		jw_end(w);
		break;
	case GOOD:
		gen_valid(w, f, NULL, 0, NULL, NULL);
		break;
	}
	if (bad == EMPTY_KEY || inside)
		jw_end(w);
}

static bool applies(enum bad bad, const struct spec_field *f)
{
	bool array = f->kind == SPEC_STRS || f->kind == SPEC_ENUMS || f->kind == SPEC_U64S || f->kind == SPEC_LIST;
	bool map = f->kind == SPEC_MAP || f->kind == SPEC_OMAP;
	bool number = f->kind == SPEC_I64 || f->kind == SPEC_U64;

	switch (bad) {
	case OBJECT_VALUE:
		return f->kind != SPEC_OBJ && !map;
	case ARRAY_VALUE:
		return !array;
	case STRING:
		return f->kind != SPEC_STR;
	case INTEGER:
		return !number;
	case REAL:
		return true;
	case BOOLEAN:
		return f->kind != SPEC_BOOL;
	case NULL_IN:
		return array || map;
	case BELOW:
		return (f->kind == SPEC_I64 && f->min > INT64_MIN) || f->kind == SPEC_U64 || f->kind == SPEC_U64S;
	case ABOVE:
		return (f->kind == SPEC_I64 && f->max < INT64_MAX) ||
		       ((f->kind == SPEC_U64 || f->kind == SPEC_U64S) && f->max < UINT64_MAX);
	case WORD:
		return f->vocab != NULL;
	case EMPTY:
		return (f->flags & SPEC_NONEMPTY && !map) || (f->flags & SPEC_ABS && f->kind == SPEC_STR);
	case RELATIVE:
		return f->flags & SPEC_ABS;
	case EMPTY_KEY:
		return f->flags & SPEC_NONEMPTY && map;
	case WRONG_ELEMENT:
		return array || map;
	case GOOD:
		return true;
	}
	return false;
}

static unsigned bad_values;

static void check_bad(const struct spec_object *top, const struct gen_way *way, enum bad bad)
{
	const struct spec_field *f = way->way[way->len - 1];
	AUTO(buf_done) struct buf b = { 0 };
	char want[JP_MAX], *real;
	bool array = f->kind == SPEC_STRS || f->kind == SPEC_ENUMS || f->kind == SPEC_U64S || f->kind == SPEC_LIST;
	bool map = f->kind == SPEC_MAP || f->kind == SPEC_OMAP;

	gen_document(&b, top, way, bad_leaf, &bad);
	real = bad == REAL ? strstr(b.data, "7777777") : NULL;
	if (real)
		memcpy(real, "77777.0", 7);
	memcpy(want, way->pointer, sizeof(want));
	if (bad == NULL_IN || bad == BELOW || bad == ABOVE || bad == WORD || bad == RELATIVE || bad == WRONG_ELEMENT) {
		if (array)
			jp_add_index(want, 0);
		if (map)
			jp_add_key(want, "k", 1);
	}
	bad_values++;
	if (!CHECK_ERR(decode(top, b.data), bad == GOOD ? 0 : -EINVAL) ||
	    (bad != GOOD && !CHECK_STR(err.pointer, want)))
		printf("# bad value %d at %s: %s: %s\n", bad, way->pointer, b.data, err.text);
}

static void check_property(const struct spec_object *top, const struct gen_way *way)
{
	const struct spec_field *f = way->way[way->len - 1];
	AUTO(buf_done) struct buf b = { 0 };

	for (enum bad bad = OBJECT_VALUE; bad <= GOOD; bad++)
		if (applies(bad, f))
			check_bad(top, way, bad);
	/* without it */
	gen_document(&b, top, way, NULL, NULL);
	CHECK_ERR(decode(top, b.data), f->flags & SPEC_REQ ? -EINVAL : 0);
	if (f->flags & SPEC_REQ) {
		CHECK_STR(err.pointer, way->pointer);
		CHECK(strstr(err.text, "required but missing") != NULL);
	}
}

TEST(bad_values_of_config)
{
	gen_each(&spec_object_config, &spec_object_config, NULL, check_property);
	CHECK(bad_values > 1500);
	printf("# %u values\n", bad_values);
}

TEST(bad_values_of_other_documents)
{
	gen_each(&spec_object_state, &spec_object_state, NULL, check_property);
	gen_each(&spec_object_features, &spec_object_features, NULL, check_property);
	gen_each(&spec_object_process_state, &spec_object_process_state, NULL, check_property);
	gen_each(&spec_object_process, &spec_object_process, NULL, check_property);
	gen_each(&spec_object_resources, &spec_object_resources, NULL, check_property);
}

static void null_leaf(struct jw *w, const struct spec_field *f, const void *arg)
{
	(void)f;
	(void)arg;
	jw_null(w);
}

static void check_null(const struct spec_object *top, const struct gen_way *way)
{
	AUTO(buf_done) struct buf b = { 0 };

	gen_document(&b, top, way, null_leaf, NULL);
	CHECK_ERR(decode(top, b.data), way->way[way->len - 1]->flags & SPEC_REQ ? -EINVAL : 0);
}

TEST(null_is_absent)
{
	gen_each(&spec_object_config, &spec_object_config, NULL, check_null);
}

static void unknown_leaf(struct jw *w, const struct spec_field *f, const void *arg)
{
	bool many = f->kind == SPEC_LIST || f->kind == SPEC_OMAP;

	(void)arg;
	if (f->kind == SPEC_LIST)
		jw_array(w);
	if (f->kind == SPEC_OMAP) {
		jw_object(w);
		jw_key(w, "k");
	}
	jw_object(w);
	jw_key(w, "x-unk");
	jw_array(w);
	jw_str(w, "7777777");
	jw_end(w);
	for (size_t i = 0; i < f->elem->len; i++)
		if (f->elem->fields[i].flags & SPEC_REQ) {
			jw_key(w, f->elem->fields[i].key);
			gen_valid(w, &f->elem->fields[i], NULL, 0, NULL, NULL);
		}
	jw_end(w);
	if (many)
		jw_end(w);
}

static void check_unknown(const struct spec_object *top, const struct gen_way *way)
{
	const struct spec_field *f = way->way[way->len - 1];
	AUTO(buf_done) struct buf b = { 0 };
	char *mark;

	if (!f->elem)
		return;
	gen_document(&b, top, way, unknown_leaf, NULL);
	mark = strstr(b.data, "\"7777777\"");
	memcpy(mark, "-1.25e+03", 9); /* not even a number that we could read */
	CHECK_ERR(decode(top, b.data), f->flags & SPEC_CLOSED ? -EINVAL : 0);
}

TEST(unknown_properties)
{
	gen_each(&spec_object_config, &spec_object_config, NULL, check_unknown);
	CHECK_ERR(decode(&spec_object_config,
			 "{\"x\":{\"y\":[1.5,null,{}]},\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\",\"z\":1}}"),
		  0);
	CHECK_ERR(decode(&spec_object_time_offsets, "{\"boottime\":{\"x\":1}}"), 0);
}

TEST(closed_object)
{
	CHECK_ERR(decode(&spec_object_linux_, "{\"timeOffsets\":{\"realtime\":{\"secs\":1}}}"), -EINVAL);
	CHECK_STR(err.text, "config.json: /timeOffsets/realtime: unknown key");
	CHECK_ERR(decode(&spec_object_linux_, "{\"timeOffsets\":[]}"), -EINVAL);
	CHECK_STR(err.pointer, "/timeOffsets");
}

static char logged[256];

static void sink(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	(void)level;
	snprintf(logged, sizeof(logged), "%s", text);
}

TEST(unknown_is_logged)
{
	log_set_sink(sink, NULL, LOG_LEVEL_DEBUG);
	CHECK_ERR(decode(&spec_object_config, "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\",\"a/b\":1}}"), 0);
	CHECK_STR(logged, "config.json: /root/a~1b: unknown property");
	log_set_sink(NULL, NULL, LOG_LEVEL_ERROR);
}

TEST(texts)
{
	static const struct {
		const char *json, *text;
	} rows[] = {
		{ "{\"resources\":{\"pids\":{\"limit\":\"7\"}}}",
		  "config.json: /resources/pids/limit: expected an integer" },
		{ "{\"resources\":{\"pids\":{\"limit\":4194305}}}",
		  "config.json: /resources/pids/limit: must not be above 4194304" },
		{ "{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"net\\nx\"}]}",
		  "config.json: /namespaces/1/type: unknown namespace type `net?x`" },
		{ "{\"namespaces\":[{\"type\":\"pid\",\"path\":\"proc\"}]}",
		  "config.json: /namespaces/0/path: must be an absolute path" },
		{ "{\"devices\":[{\"type\":\"c\"}]}", "config.json: /devices/0/path: required but missing" },
		{ "{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[],\"action\":\"SCMP_ACT_LOG\"}]}}",
		  "config.json: /seccomp/syscalls/0/names: must not be empty" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CHECK_ERR(decode(&spec_object_linux_, rows[i].json), -EINVAL);
		CHECK_STR(err.text, rows[i].text);
	}
	CHECK_ERR(decode(&spec_object_config, "{\"annotations\":{\"a\":\"b\",\"\":\"x\"}}"), -EINVAL);
	CHECK_STR(err.text, "config.json: /annotations: key must not be empty");
}

/* Every REFUSED row that is asked for is refused, and nothing else is. */
static void check_refused(const struct spec_object *top, const struct gen_way *way)
{
	const struct spec_field *f = way->way[way->len - 1];
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = { 0 };
	enum bad good = GOOD;
	int refused = -1;
	const void *c;

	for (int i = 0; i < way->len && refused < 0; i++)
		if (way->way[i]->by == SPEC_REFUSED)
			refused = i;
	gen_document(&b, top, way, bad_leaf, &good);
	err_clear(&err);
	REQUIRE(spec_decode_object(top, "config.json", b.data, b.len, &a, &c, &err) == 0);
	CHECK_ERR(spec_refuse_unapplied(c, &err), refused < 0 ? 0 : -EOPNOTSUPP);
	/* a refused member comes with its refused object */
	if (refused == way->len - 1 && !CHECK_STR(err.pointer, way->pointer))
		printf("# %s\n", f->key);
	if (refused >= 0)
		CHECK(strstr(err.text, ": not supported by this version of masu") != NULL);
}

TEST(refuse_unapplied)
{
	gen_each(&spec_object_config, &spec_object_config, NULL, check_refused);
}

TEST(refuse_asks_for_nothing)
{
	static const char json[] =
		"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":\"/\",\"apparmorProfile\":\"\",\"selinuxLabel\":\"\"},"
		"\"linux\":{\"netDevices\":{},\"mountLabel\":\"\",\"namespaces\":[{\"type\":\"network\"}]}}";
	AUTO(arena_done) struct arena a = { 0 };
	const struct spec_config *c = NULL;

	REQUIRE(spec_decode_config("config.json", json, strlen(json), &a, &c, &err) == 0);
	CHECK_ERR(spec_refuse_unapplied(c, &err), 0);
}

TEST(parts)
{
	static const char process[] = "{\"cwd\":\"/\",\"args\":[\"id\"]}", resources[] = "{\"pids\":{\"limit\":7}}";
	AUTO(arena_done) struct arena a = { 0 };
	const struct spec_process *p = NULL;
	const struct spec_resources *r = NULL;

	CHECK_ERR(spec_decode_process("process.json", process, strlen(process), &a, &p, &err), 0);
	CHECK(p && !strcmp(p->args[0], "id"));
	CHECK_ERR(spec_decode_process("process.json", "{}", 2, &a, &p, &err), -EINVAL);
	CHECK_STR(err.text, "process.json: /cwd: required but missing");
	CHECK_ERR(spec_decode_resources("resources.json", resources, strlen(resources), &a, &r, &err), 0);
	CHECK(r && r->pids->limit.value == 7);
}

CHECK_MAIN();
