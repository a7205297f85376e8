/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about the model that several ask. No rules (check.c), no reading. */
#include "spec/model.h"

const struct spec_namespace *spec_find_namespace(const struct spec_linux_ *lnx, enum spec_namespace_kind kind)
{
	for (size_t i = 0; lnx && i < lnx->namespaces_len; i++)
		if (lnx->namespaces[i].type.value == (int64_t)kind)
			return &lnx->namespaces[i];
	return NULL;
}

bool spec_is_dummy_map(const struct spec_id_mapping *m, size_t n)
{
	return !n || (n == 1 && !m->container_id.value && !m->host_id.value && m->size.value == 1);
}
