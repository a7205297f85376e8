/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel ignores a context on a bind mount without a word, and writes to attr files may land in another module's: so it is
 * looked up first whether the module is in force. */
#include "kernel/security/lsm_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/mutation.h"

static bool asks(const char *label)
{
	return !MUTATION(A9) && label && *label;
}

int lsm_plan_build(const struct spec_process *process, struct buf *flat, struct lsm_plan *ret, struct err *err)
{
	*ret = (struct lsm_plan){ 0 };
	if (process && asks(process->apparmor_profile))
		ret->apparmor = flat_add_str(flat, process->apparmor_profile);
	if (process && asks(process->selinux_label))
		ret->selinux = flat_add_str(flat, process->selinux_label);
	return flat->error ? err_code(err, flat->error, "plan the security labels") : 0;
}

static void print(const struct flat *f, const char *what, struct flat_str s, struct buf *out)
{
	const char *text = flat_str(f, s);

	if (!text)
		return;
	buf_addf(out, "%s ", what);
	buf_add_visible(out, text);
	buf_adds(out, "\n");
}

void lsm_plan_print(const struct flat *f, const struct lsm_plan *p, struct buf *out)
{
	print(f, "AppArmor profile", p->apparmor, out);
	print(f, "SELinux context", p->selinux, out);
}

static bool read_first(const char *root, const char *path, char *ret)
{
	char name[4096], text[64];
	autoclose int fd = -EBADF;

	if ((size_t)snprintf(name, sizeof(name), "%s%s", root, path) >= sizeof(name))
		return false;
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || io_read_file(fd, text, sizeof(text)) <= 0)
		return false;
	*ret = text[0];
	return true;
}

/* The file system is there only with the module in force. Its first policy is loaded before anybody could start a container. */
static bool has_selinux(const char *root)
{
	char c;

	return read_first(root, "/sys/fs/selinux/enforce", &c) && (c == '0' || c == '1');
}

static bool has_apparmor(const char *root)
{
	char c;

	return read_first(root, "/sys/module/apparmor/parameters/enabled", &c) && c == 'Y';
}

static int missing(const char *pointer, const char *module, const char *label, struct err *err)
{
	err_pointer(err, "%s", pointer);
	err_hint(err, "remove the property, or boot the host with %s", module);
	return err_set(err, EOPNOTSUPP, "use label `%s`: %s is not enabled on this host", label, module);
}

/* The policy is asked before anything is made: later the kernel could only say EINVAL about one mount of many. An answer that is
 * not given here (no right to ask) is given when the label is used. */
static int check_context(const char *root, const char *pointer, const char *label, struct err *err)
{
	char name[4096];
	autoclose int fd = -EBADF;

	if ((size_t)snprintf(name, sizeof(name), "%s/sys/fs/selinux/context", root) >= sizeof(name))
		return 0;
	fd = open(name, O_RDWR | O_CLOEXEC);
	if (fd < 0 || write(fd, label, strlen(label)) >= 0 || errno != EINVAL)
		return 0;
	err_pointer(err, "%s", pointer);
	err_hint(err, "the policy does not have this context");
	return err_set(err, EINVAL, "use label `%s`: not a valid SELinux context here", label);
}

int lsm_check_host(const char *root, const struct spec_process *process, const struct spec_linux_ *lnx, struct err *err)
{
	int r = 0;

	if (process && asks(process->apparmor_profile) && !has_apparmor(root))
		return missing("/process/apparmorProfile", "AppArmor", process->apparmor_profile, err);
	if (process && asks(process->selinux_label) && !has_selinux(root))
		return missing("/process/selinuxLabel", "SELinux", process->selinux_label, err);
	if (lnx && asks(lnx->mount_label) && !has_selinux(root))
		return missing("/linux/mountLabel", "SELinux", lnx->mount_label, err);
	if (process && asks(process->selinux_label))
		r = check_context(root, "/process/selinuxLabel", process->selinux_label, err);
	if (r == 0 && lnx && asks(lnx->mount_label))
		r = check_context(root, "/linux/mountLabel", lnx->mount_label, err);
	return r;
}
