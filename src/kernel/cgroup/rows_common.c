/* SPDX-License-Identifier: Apache-2.0 */
/* Properties that are written alike in both kinds of hierarchy. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kernel/cgroup/rows.h"

int row_burst(struct planner *p, const struct row *row, const struct row_value *v, const void *section,
	      struct cgroup_write *w)
{
	const struct spec_cpu *cpu = section;

	if (cpu->quota.set && cpu->quota.value > 0 && v->u > (uint64_t)cpu->quota.value)
		return planner_invalid(p, w->pointer, "set `%s`: %" PRIu64 " is more than the quota %" PRId64, row->key,
				       v->u, cpu->quota.value);
	return row_zero_optional(p, row, v, section, w);
}

/* [1-9][0-9]*[KMG]B: it becomes part of a file's name. */
static bool is_page_size(const char *s)
{
	size_t digits = strspn(s, "0123456789");

	return digits > 0 && digits < 16 && s[0] != '0' && strchr("KMG", s[digits]) && s[digits] &&
	       strcmp(s + digits + 1, "B") == 0;
}

int rows_hugetlb(struct planner *p, const char *rsvd_suffix, const char *fault_suffix)
{
	const struct spec_resources *res = p->res;
	int r = 0;

	for (size_t i = 0; r == 0 && i < res->hugepage_limits_len; i++) {
		const struct spec_hugepage_limit *l = &res->hugepage_limits[i];
		struct cgroup_write w = { .pointer = planner_pointer(p, "hugepageLimits/%zu", i) };

		if (!is_page_size(l->page_size))
			return planner_invalid(p, w.pointer, "check `pageSize`: `%s` is not a page size such as 2MB",
					       l->page_size);
		w.file = arena_printf(p->arena, "hugetlb.%s.%s", l->page_size, rsvd_suffix);
		w.alt_file = arena_printf(p->arena, "hugetlb.%s.%s", l->page_size, fault_suffix);
		w.value = arena_printf(p->arena, "%" PRIu64, l->limit.value);
		r = planner_add(p, w);
	}
	return r;
}

static const char *rdma_text(struct planner *p, const struct spec_rdma *d)
{
	char handles[48] = "", objects[48] = "";

	if (d->hca_handles.set)
		snprintf(handles, sizeof(handles), " hca_handle=%" PRIu64, d->hca_handles.value);
	if (d->hca_objects.set)
		snprintf(objects, sizeof(objects), " hca_object=%" PRIu64, d->hca_objects.value);
	return arena_printf(p->arena, "%s%s%s", d->key, handles, objects);
}

int rows_rdma(struct planner *p, const void *section)
{
	const struct spec_resources *res = section;
	int r = 0;

	for (size_t i = 0; r == 0 && i < res->rdma_len; i++) {
		const struct spec_rdma *d = &res->rdma[i];
		const char *pointer = planner_pointer(p, "rdma/%s", d->key);

		if (!d->hca_handles.set && !d->hca_objects.set)
			return planner_invalid(p, pointer, "check `rdma`: neither hcaHandles nor hcaObjects is given");
		if (!d->key[0] || strpbrk(d->key, " \t\n"))
			return planner_invalid(p, pointer, "check `rdma`: `%s` is not the name of a device", d->key);
		r = planner_add(
			p, (struct cgroup_write){ .file = "rdma.max", .value = rdma_text(p, d), .pointer = pointer });
	}
	return r;
}
