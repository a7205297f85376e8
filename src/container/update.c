/* SPDX-License-Identifier: Apache-2.0 */
/* update: other limits for a container that exists. The container's copy of its document stays what it was created from: what
 * is in force is in the cgroup's files, and no later command needs to know more. */

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/parse.h"
#include "container/api.h"
#include "container/snapshot.h"
#include "container/target.h"
#include "kernel/rdt/rdt.h"
#include "spec/check.h"
#include "spec/decode.h"

/* The resources with copies of the sections that single limits go to. */
struct update {
	struct spec_resources resources;
	struct spec_cpu cpu;
	struct spec_memory memory;
	struct spec_pids pids;
	struct spec_block_io block_io;
};

enum limit_kind { LIMIT_SIGNED, LIMIT_UNSIGNED };

struct limit_row {
	const char *pointer;
	size_t from; /* in struct masu_update_options */
	size_t to;   /* in struct update */
	enum limit_kind kind;
	int64_t min, max;
};

#define FROM(m) offsetof(struct masu_update_options, m)
#define TO(m) offsetof(struct update, m)

static const struct limit_row limit_rows[] = {
	{ "/cpu/shares", FROM(cpu_shares), TO(cpu.shares), LIMIT_UNSIGNED, 0, INT64_MAX },
	{ "/cpu/period", FROM(cpu_period), TO(cpu.period), LIMIT_UNSIGNED, 0, INT64_MAX },
	{ "/cpu/quota", FROM(cpu_quota), TO(cpu.quota), LIMIT_SIGNED, INT64_MIN, INT64_MAX },
	{ "/cpu/burst", FROM(cpu_burst), TO(cpu.burst), LIMIT_UNSIGNED, 0, INT64_MAX },
	{ "/cpu/idle", FROM(cpu_idle), TO(cpu.idle), LIMIT_SIGNED, 0, 1 },
	{ "/cpu/realtimePeriod", FROM(cpu_rt_period), TO(cpu.realtime_period), LIMIT_UNSIGNED, 0, INT64_MAX },
	{ "/cpu/realtimeRuntime", FROM(cpu_rt_runtime), TO(cpu.realtime_runtime), LIMIT_SIGNED, INT64_MIN, INT64_MAX },
	{ "/memory/limit", FROM(memory), TO(memory.limit), LIMIT_SIGNED, -1, INT64_MAX },
	{ "/memory/reservation", FROM(memory_reservation), TO(memory.reservation), LIMIT_SIGNED, -1, INT64_MAX },
	{ "/memory/swap", FROM(memory_swap), TO(memory.swap), LIMIT_SIGNED, -1, INT64_MAX },
	{ "/memory/kernel", FROM(kernel_memory), TO(memory.kernel), LIMIT_SIGNED, -1, INT64_MAX },
	{ "/memory/kernelTCP", FROM(kernel_memory_tcp), TO(memory.kernel_tcp), LIMIT_SIGNED, -1, INT64_MAX },
	{ "/pids/limit", FROM(pids), TO(pids.limit), LIMIT_SIGNED, -1, 4194304 },
	{ "/blockIO/weight", FROM(blkio_weight), TO(block_io.weight), LIMIT_UNSIGNED, 10, 1000 },
};

static int put_limit(const struct limit_row *row, const struct masu_limit *l, struct update *u, struct err *err)
{
	char *to = (char *)u + row->to;

	if (!l->set)
		return 0;
	if (l->value < row->min || l->value > row->max) {
		err_set(err, EINVAL, "set `%s`: %lld is out of range", strrchr(row->pointer, '/') + 1,
			(long long)l->value);
		err_pointer(err, "%s", row->pointer);
		return -EINVAL;
	}
	if (row->kind == LIMIT_UNSIGNED)
		*(struct opt_u64 *)(void *)to = (struct opt_u64){ true, (uint64_t)l->value };
	else
		*(struct opt_i64 *)(void *)to = (struct opt_i64){ true, l->value };
	return 0;
}

/* Copies the document's sections, or uses empty ones, so that limits can be added. */
static void open_sections(struct update *u)
{
	struct spec_resources *r = &u->resources;

	if (r->cpu)
		u->cpu = *r->cpu;
	if (r->memory)
		u->memory = *r->memory;
	if (r->pids)
		u->pids = *r->pids;
	if (r->block_io)
		u->block_io = *r->block_io;
	r->cpu = &u->cpu;
	r->memory = &u->memory;
	r->pids = &u->pids;
	r->block_io = &u->block_io;
}

/* Docker writes 0 for everything that its caller did not give, and none of these limits can be 0. */
static void forget_zeros(struct update *u)
{
	struct opt_i64 *const with_sign[] = { &u->memory.limit,  &u->memory.reservation, &u->memory.swap,
					      &u->memory.kernel, &u->memory.kernel_tcp,  &u->cpu.quota };
	struct opt_u64 *const without[] = { &u->cpu.shares, &u->cpu.period, &u->cpu.realtime_period };

	for (size_t i = 0; i < ARRAY_SIZE(with_sign); i++)
		with_sign[i]->set = with_sign[i]->set && with_sign[i]->value != 0;
	for (size_t i = 0; i < ARRAY_SIZE(without); i++)
		without[i]->set = without[i]->set && without[i]->value != 0;
}

static int collect(const struct masu_update_options *o, struct arena *a, struct update *u, struct err *err)
{
	const struct spec_resources *document = NULL;
	int r = 0;

	if (o->resources_json)
		r = spec_decode_resources("resources", o->resources_json, o->resources_json_len, a, &document, err);
	if (r < 0)
		return r;
	if (document)
		u->resources = *document;
	/* An empty list asks for nothing; applied, it would take away what create has allowed. */
	u->resources.devices_set = u->resources.devices_len > 0;
	open_sections(u);
	forget_zeros(u);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(limit_rows); i++)
		r = put_limit(&limit_rows[i], (const void *)((const char *)o + limit_rows[i].from), u, err);
	if (o->cpuset_cpus)
		u->cpu.cpus = o->cpuset_cpus;
	if (o->cpuset_mems)
		u->cpu.mems = o->cpuset_mems;
	return r < 0 ? r : spec_check_resources("resources", &u->resources, err);
}

static int refuse(const struct spec_resources *res, struct err *err)
{
	const struct spec_linux_ lnx = { .resources = res };
	const struct spec_config config = { .lnx = &lnx };

	return spec_refuse_unapplied(&config, err);
}

/* memory.max: -1 for none. */
static int read_limit(struct cgroup *cg, int64_t *ret)
{
	char text[32];
	ssize_t n = cgroup_read(cg, "memory", "memory.max", text, sizeof(text));

	if (n < 0)
		return (int)n;
	text[strcspn(text, "\n")] = '\0';
	*ret = -1;
	return strcmp(text, "max") == 0 ? 0 : parse_i64(text, 0, INT64_MAX, ret);
}

static bool has_swap_limit(struct cgroup *cg)
{
	const char *file = cgroup_is_v2(cg, "memory") ? "memory.swap.max" : "memory.memsw.limit_in_bytes";
	char text[32];

	return cgroup_read(cg, "memory", file, text, sizeof(text)) > 0;
}

/* swap counts memory and swap together, so the two belong together even when only one of them is given: there is no sum with an
 * unlimited part, and cgroup v2, which limits swap alone, needs the other part for the subtraction. */
static int complete_memory(struct cgroup *cg, struct spec_memory *m, struct err *err)
{
	int64_t limit = -1;
	int r;

	if (m->limit.set && m->limit.value < 0 && !m->swap.set && has_swap_limit(cg))
		m->swap = (struct opt_i64){ true, -1 };
	if (!m->swap.set || m->swap.value < 0 || m->limit.set || !cgroup_is_v2(cg, "memory"))
		return 0;
	r = read_limit(cg, &limit);
	if (r == 0 && limit >= 0)
		m->limit = (struct opt_i64){ true, limit };
	return r < 0 && r != -ENOENT ? err_code(err, r, "read the memory limit that is in force") : 0;
}

static int update_class(struct target *t, const struct masu_update_options *o, struct buf *ret_before, struct err *err)
{
	if (!o->l3_cache_schema && !o->mem_bw_schema)
		return 0;
	if (t->state.rdt_group)
		return rdt_change(t->state.rdt_group, o->l3_cache_schema, o->mem_bw_schema, ret_before, err);
	err_hint(err, "linux.intelRdt of its document would have given it one");
	return err_set(err, EINVAL, "update container `%s`: it has no class of service", t->state.id);
}

/* New rules replace all that were there: the nodes of the document may still be made, as they might at its create. */
static int keep_nodes(struct target *t, struct snapshot *snap, struct err *err)
{
	int r = snapshot_load_annotated(t->dir_fd, t->state.allowed, snap, err);

	if (r >= 0 && snap->config->lnx) {
		t->cg.nodes = snap->config->lnx->devices;
		t->cg.nodes_len = snap->config->lnx->devices_len;
	}
	return r;
}

static int update_container(struct target *t, struct update *u, const struct masu_update_options *o, struct err *err)
{
	AUTO(snapshot_done) struct snapshot snap = { 0 };
	AUTO(buf_done) struct buf before = { 0 };
	int r;

	if (t->status == STATUS_STOPPED)
		return err_set(err, EINVAL, "container not running: `%s` is %s", t->state.id, status_name(t->status));
	r = complete_memory(&t->cg, &u->memory, err);
	if (r >= 0 && u->resources.devices_set)
		r = keep_nodes(t, &snap, err);
	if (r >= 0)
		r = update_class(t, o, &before, err);
	if (r < 0)
		return r;
	r = cgroup_update(&t->cg, &u->resources, err);
	if (r < 0 && before.len && rdt_restore(t->state.rdt_group, &before, NULL) < 0)
		log_warn("update container `%s`: its old schemata could not be written back", t->state.id);
	return r;
}

static int check_class(const struct masu_update_options *o, struct err *err)
{
	const struct spec_intel_rdt rdt = { .l3_cache_schema = o->l3_cache_schema, .mem_bw_schema = o->mem_bw_schema };

	return spec_check_intel_rdt("update", &rdt, err);
}

int masu_update(struct masu_runtime *rt, const char *id, const struct masu_update_options *o, struct masu_error *error)
{
	AUTO(target_done) struct target t = TARGET_INIT;
	AUTO(arena_done) struct arena a = { 0 };
	struct update u = { .resources = { 0 } };
	struct masu_update_options copy;
	struct err err = { 0 };
	int r = api_options(&copy, sizeof(copy), o, &err);

	if (r >= 0)
		r = collect(&copy, &a, &u, &err);
	if (r >= 0)
		r = refuse(&u.resources, &err);
	if (r >= 0)
		r = check_class(&copy, &err);
	if (r >= 0)
		r = target_open(rt, id, "update", true, &t, &err);
	if (r >= 0)
		r = update_container(&t, &u, &copy, &err);
	return api_return(r, &err, error);
}
