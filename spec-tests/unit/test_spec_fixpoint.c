/* SPDX-License-Identifier: Apache-2.0 */
/* Encoding what was decoded and decoding it again changes nothing, for the full document, the templates and each property. */

#include <check.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "spec/decode.h"
#include "spec/encode.h"
#include "spec/template.h"
#include "spec_gen.h"

static bool again(const struct spec_object *o, const char *json, size_t len, struct buf *ret, int style)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(jw_free) struct jw *w = jw_new(style, jw_to_buf, ret);
	struct err err = { 0 };
	const void *v;

	if (!CHECK_ERR(spec_decode_object(o, "x", json, len, &a, &v, &err), 0)) {
		printf("# %s\n", err.text);
		return false;
	}
	spec_encode_object(o, v, w);
	return CHECK_ERR(jw_finish(w), 0);
}

static void check_fixpoint(const struct spec_object *o, const char *json, size_t len)
{
	AUTO(buf_done) struct buf one = { 0 }, two = { 0 }, pretty = { 0 }, three = { 0 };

	if (!again(o, json, len, &one, JW_COMPACT) || !again(o, one.data, one.len, &two, JW_COMPACT))
		return;
	CHECK_STR(two.data, one.data);
	if (again(o, one.data, one.len, &pretty, JW_PRETTY) && again(o, pretty.data, pretty.len, &three, JW_COMPACT))
		CHECK_STR(three.data, one.data);
}

TEST(full)
{
	AUTO(buf_done) struct buf b = { 0 };

	REQUIRE(gen_read("spec-tests/schema/full.json", &b));
	check_fixpoint(&spec_object_config, b.data, b.len);
}

static void good_leaf(struct jw *w, const struct spec_field *f, const void *arg)
{
	(void)arg;
	gen_valid(w, f, NULL, 0, NULL, NULL);
}

/* The generator writes required members, so what it writes must come back as it is, but for the order of nothing. */
static void check_property(const struct spec_object *top, const struct gen_way *way)
{
	AUTO(buf_done) struct buf b = { 0 }, back = { 0 };

	gen_document(&b, top, way, good_leaf, NULL);
	if (again(top, b.data, b.len, &back, JW_COMPACT) && !CHECK_STR(back.data, b.data))
		printf("# %s\n", way->pointer);
}

TEST(each_property)
{
	gen_each(&spec_object_config, &spec_object_config, NULL, check_property);
	gen_each(&spec_object_state, &spec_object_state, NULL, check_property);
	gen_each(&spec_object_features, &spec_object_features, NULL, check_property);
	gen_each(&spec_object_process_state, &spec_object_process_state, NULL, check_property);
}

static void check_words(const struct spec_object *o)
{
	for (size_t i = 0; i < o->len; i++) {
		const struct spec_field *f = &o->fields[i];

		for (size_t j = 0; f->kind == SPEC_ENUMS && j < f->vocab->len; j++) {
			AUTO(buf_done) struct buf b = { 0 }, back = { 0 };
			const struct spec_object one = { o->name, o->size, f, 1 };

			buf_addf(&b, "{\"%s\":[\"%s\"]}", f->key, f->vocab->words[j].name);
			if (again(&one, b.data, b.len, &back, JW_COMPACT))
				CHECK_STR(back.data, b.data);
		}
		if (f->elem)
			check_words(f->elem);
	}
}

TEST(each_word)
{
	check_words(&spec_object_config);
}

static void check_template(bool rootless)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = { 0 };
	const struct spec_config *c = NULL;
	struct err err = { 0 };

	REQUIRE(spec_template_write(rootless, 1000, 4294967294, jw_to_buf, &b) == 0);
	if (!CHECK_ERR(spec_decode_config("template", b.data, b.len, &a, &c, &err), 0)) {
		printf("# %s\n", err.text);
		return;
	}
	CHECK_ERR(spec_refuse_unapplied(c, &err), 0);
	CHECK_STR(c->oci_version, "1.3.0");
	CHECK(c->process->terminal.value && c->process->no_new_privileges.value);
	CHECK_INT(c->mounts_len, rootless ? 6 : 7);
	CHECK_INT(c->lnx->namespaces_len, 6);
	CHECK((c->lnx->resources != NULL) == !rootless);
	CHECK_INT(c->lnx->uid_mappings_len, rootless);
	if (rootless) {
		CHECK_INT(c->lnx->uid_mappings[0].host_id.value, 1000);
		CHECK_INT(c->lnx->gid_mappings[0].host_id.value, 4294967294);
	}
	check_fixpoint(&spec_object_config, b.data, b.len);
}

TEST(templates)
{
	check_template(false);
	check_template(true);
}

CHECK_MAIN();
