/* SPDX-License-Identifier: Apache-2.0 */
/* Loads and attaches the device program by bpf(2). Programs of others on the cgroup (systemd's) stay: all must agree. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/cgroup/devices.h"

#define PROG_NAME "masu_devices"
#define PROGS_MAX 64

static int bpf(int cmd, union bpf_attr *attr)
{
	long r;

	do /* the verifier may be interrupted */
		r = syscall(SYS_bpf, cmd, attr, sizeof(*attr));
	while (r < 0 && errno == EAGAIN && cmd == BPF_PROG_LOAD);
	return r < 0 ? -errno : (int)r;
}

static int load_once(const struct buf *program, char *log, size_t log_len)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uint64_t)(uintptr_t)program->data;
	attr.insn_cnt = (uint32_t)(program->len / sizeof(struct bpf_insn));
	attr.license = (uint64_t)(uintptr_t) "Apache-2.0";
	attr.log_buf = (uint64_t)(uintptr_t)log;
	attr.log_size = (uint32_t)log_len;
	attr.log_level = log ? 1 : 0;
	memcpy(attr.prog_name, PROG_NAME, sizeof(PROG_NAME));
	return bpf(BPF_PROG_LOAD, &attr);
}

static int load(const struct buf *program, struct err *err)
{
	int fd = load_once(program, NULL, 0);
	char log[512] = "";

	if (fd >= 0)
		return fd;
	if (fd == -EINVAL || fd == -EACCES)
		(void)load_once(program, log, sizeof(log)); /* once more, for what the verifier says */
	log[strcspn(log, "\n")] = 0;
	return log[0] ? err_code(err, fd, "load device program (%s)", log) : err_code(err, fd, "load device program");
}

static int prog_info(int prog_fd, struct bpf_prog_info *info)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	memset(info, 0, sizeof(*info));
	attr.info.bpf_fd = (uint32_t)prog_fd;
	attr.info.info = (uint64_t)(uintptr_t)info;
	attr.info.info_len = sizeof(*info);
	return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
}

static int query(int dir_fd, uint32_t ids[PROGS_MAX], uint32_t *ret_n)
{
	union bpf_attr attr;
	int r;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)dir_fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
	attr.query.prog_cnt = PROGS_MAX;
	r = bpf(BPF_PROG_QUERY, &attr);
	*ret_n = r == 0 ? attr.query.prog_cnt : 0;
	return r;
}

/* Our program on this cgroup as an owned fd; -ENOENT. */
static int find_ours(int dir_fd)
{
	uint32_t ids[PROGS_MAX], n;
	int r = query(dir_fd, ids, &n);

	for (uint32_t i = 0; r == 0 && i < n; i++) {
		struct bpf_prog_info info;
		union bpf_attr attr;
		autoclose int fd = -1;

		memset(&attr, 0, sizeof(attr));
		attr.prog_id = ids[i];
		fd = bpf(BPF_PROG_GET_FD_BY_ID, &attr);
		if (fd >= 0 && prog_info(fd, &info) == 0 && strcmp(info.name, PROG_NAME) == 0)
			return take_fd(&fd);
	}
	return r < 0 ? r : -ENOENT;
}

/* old_fd >= 0: takes its place in one step, so that there is no moment without rules. */
static int attach(int dir_fd, int prog_fd, int old_fd)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)dir_fd;
	attr.attach_bpf_fd = (uint32_t)prog_fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI | (old_fd >= 0 ? BPF_F_REPLACE : 0);
	attr.replace_bpf_fd = old_fd >= 0 ? (uint32_t)old_fd : 0;
	return bpf(BPF_PROG_ATTACH, &attr);
}

static int verify(int dir_fd, int prog_fd, struct err *err)
{
	uint32_t ids[PROGS_MAX], n;
	struct bpf_prog_info info;
	int r = prog_info(prog_fd, &info);

	if (r == 0)
		r = query(dir_fd, ids, &n);
	if (r < 0)
		return err_code(err, r, "check device program");
	for (uint32_t i = 0; i < n; i++)
		if (ids[i] == info.id)
			return 0;
	return err_set(err, EIO, "check device program: it is not attached");
}

/* bpf(2) does not take O_PATH descriptors. */
static int reopen(int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int devices_apply_v2(int dir_fd, const struct device_rule *rules, size_t n, bool fresh, struct err *err)
{
	AUTO(buf_done) struct buf program = { 0 };
	autoclose int dir = reopen(dir_fd), prog = -1, old = -1;
	int r = dir < 0 ? err_code(err, dir, "open cgroup") : devices_plan_bpf(rules, n, &program, err);

	if (r < 0)
		return r;
	prog = load(&program, err);
	if (prog < 0)
		return prog;
	old = fresh ? -ENOENT : find_ours(dir);
	if (old < 0 && old != -ENOENT)
		return err_code(err, old, "query device programs");
	r = attach(dir, prog, old);
	if (r < 0)
		return err_code(err, r, "attach device program");
	return verify(dir, prog, err);
}

int devices_detach_v2(int dir_fd)
{
	autoclose int dir = reopen(dir_fd), old = -1;
	union bpf_attr attr;

	if (dir < 0)
		return dir;
	old = find_ours(dir);
	if (old < 0)
		return old == -ENOENT ? 0 : old;
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)dir;
	attr.attach_bpf_fd = (uint32_t)old;
	attr.attach_type = BPF_CGROUP_DEVICE;
	return bpf(BPF_PROG_DETACH, &attr);
}
