/* SPDX-License-Identifier: Apache-2.0 */
/* v1 to v2 numbers: golden values (CPU-03, BLK-03, BLK-04, MEM-10..13). Pure. */
#include "check.h"

#include <errno.h>
#include <stdint.h>

#include "kernel/cgroup/convert.h"

TEST(shares)
{
	static const struct {
		uint64_t shares, weight;
	} golden[] = { { 0, 0 },
		       { 1, 1 },
		       { 2, 1 },
		       { 3, 2 },
		       { 10, 4 },
		       { 100, 17 },
		       { 256, 35 },
		       { 512, 59 },
		       { 1024, 100 },
		       { 2048, 174 },
		       { 5120, 363 },
		       { 10240, 639 },
		       { 185194, 7389 },
		       { 262143, 10000 },
		       { 262144, 10000 },
		       { 262145, 10000 },
		       { UINT64_MAX, 10000 } };

	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++)
		if (!CHECK_INT(convert_shares_to_weight(golden[i].shares), golden[i].weight))
			printf("# shares %llu\n", (unsigned long long)golden[i].shares);
}

TEST(shares_never_fall)
{
	uint64_t last = 0;

	for (uint64_t s = 1; s <= 262144; s += 7) {
		uint64_t w = convert_shares_to_weight(s);

		if (w < last || w < 1 || w > 10000)
			CHECK_INT(s, 0);
		last = w;
	}
	CHECK(last > 9000);
}

TEST(blkio_weight)
{
	uint64_t w = 0;

	CHECK_INT(convert_blkio_weight(10, &w), 0);
	CHECK_INT(w, 1);
	CHECK_INT(convert_blkio_weight(500, &w), 0);
	CHECK_INT(w, 4950);
	CHECK_INT(convert_blkio_weight(1000, &w), 0);
	CHECK_INT(w, 10000);
	CHECK_ERR(convert_blkio_weight(9, &w), -ERANGE);
	CHECK_ERR(convert_blkio_weight(0, &w), -ERANGE);
	CHECK_ERR(convert_blkio_weight(1001, &w), -ERANGE);
}

TEST(swap)
{
	int64_t s = 7;

	CHECK_INT(convert_swap(100663296, 1, 67108864, &s), 0);
	CHECK_INT(s, 33554432);
	CHECK_INT(convert_swap(64, 1, 64, &s), 0);
	CHECK_INT(s, 0);
	CHECK_INT(convert_swap(-1, 0, 0, &s), 0);
	CHECK_INT(s, -1);
	CHECK_ERR(convert_swap(63, 1, 64, &s), -ERANGE);
	CHECK_ERR(convert_swap(64, 0, 0, &s), -EINVAL);
	CHECK_ERR(convert_swap(64, 1, -1, &s), -EINVAL);
}

CHECK_MAIN();
