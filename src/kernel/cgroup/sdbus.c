/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that includes systemd/sd-bus.h. libsystemd is opened with dlopen(3): most containers never need it, and its
 * loading would cost each of them more than all other libraries together. */
#include "kernel/cgroup/sdbus.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#ifdef MASU_SYSTEMD

#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/procfs.h"
#include "kernel/cgroup/internal.h"

#define LIBRARY "libsystemd.so.0"
#define SYSTEMD "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER SYSTEMD ".Manager"
#define ADDRESS_MAX 4096

#define SYMBOLS(X)                        \
	X(sd_bus_new)                     \
	X(sd_bus_set_address)             \
	X(sd_bus_set_bus_client)          \
	X(sd_bus_start)                   \
	X(sd_bus_close)                   \
	X(sd_bus_unref)                   \
	X(sd_bus_call_async)              \
	X(sd_bus_match_signal_async)      \
	X(sd_bus_process)                 \
	X(sd_bus_wait)                    \
	X(sd_bus_error_get_errno)         \
	X(sd_bus_message_new_method_call) \
	X(sd_bus_message_append)          \
	X(sd_bus_message_append_array)    \
	X(sd_bus_message_open_container)  \
	X(sd_bus_message_close_container) \
	X(sd_bus_message_get_error)       \
	X(sd_bus_message_peek_type)       \
	X(sd_bus_message_read)            \
	X(sd_bus_message_unref)

static struct {
	void *handle;
#define X(name) __typeof__(name) *name;
	SYMBOLS(X)
#undef X
} lib;

struct sdbus {
	sd_bus *bus;
	bool direct; /* to the manager itself: no bus between */
	/* The call under way. */
	bool answered, job_ended;
	int code;
	char message[512];
	struct sdbus_answer *answer;
};

bool sdbus_is_built(void)
{
	return true;
}

static int load_symbol(void *to, const char *name, struct err *err)
{
	void *symbol = dlsym(lib.handle, name);

	if (!symbol)
		return err_set(err, EOPNOTSUPP, "load `" LIBRARY "`: it has no `%s`", name);
	memcpy(to, &symbol, sizeof(symbol));
	return 0;
}

static int load(struct err *err)
{
	int r = 0;

	if (lib.handle)
		return 0;
	lib.handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!lib.handle) {
		const char *why = dlerror();

		r = err_set(err, EOPNOTSUPP, "load `" LIBRARY "`: %s", why ? why : "not found");
		err_hint(err, "install libsystemd, or use --cgroup-manager cgroupfs");
		return r;
	}
#define X(name)     \
	if (r == 0) \
		r = load_symbol(&lib.name, #name, err);
	SYMBOLS(X)
#undef X
	if (r < 0) {
		dlclose(lib.handle);
		lib.handle = NULL;
	}
	return r;
}

/* ---- connecting ---- */

/* Values in a D-Bus address have everything but these as %NN. */
static void address_escape(const char *path, char *ret, size_t len)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_/.*";
	size_t n = 0;

	for (; *path && n + 4 < len; path++) {
		if (strchr(plain, *path))
			ret[n++] = *path;
		else
			n += (size_t)snprintf(ret + n, len - n, "%%%02x", (unsigned char)*path);
	}
	ret[n] = 0;
}

static int connect_to(struct sdbus *b, const char *address, bool direct)
{
	int r = lib.sd_bus_new(&b->bus);

	b->direct = direct;
	if (r >= 0)
		r = lib.sd_bus_set_address(b->bus, address);
	if (r >= 0 && !direct)
		r = lib.sd_bus_set_bus_client(b->bus, 1);
	if (r >= 0)
		r = lib.sd_bus_start(b->bus);
	if (r < 0 && b->bus)
		b->bus = lib.sd_bus_unref(b->bus);
	return r;
}

static int connect_path(struct sdbus *b, const char *dir, const char *name, bool direct)
{
	char path[ADDRESS_MAX / 4], escaped[ADDRESS_MAX], address[ADDRESS_MAX + 16];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	address_escape(path, escaped, sizeof(escaped));
	snprintf(address, sizeof(address), "unix:path=%s", escaped);
	return connect_to(b, address, direct);
}

/* A manager that executes itself anew leaves its socket without a listener until it is back. */
static int connect_manager(struct sdbus *b, const char *dir, const char *name)
{
	int64_t end = clock_ms() + SDBUS_CALL_MS;
	int r = connect_path(b, dir, name, true);

	while (r == -ECONNREFUSED && clock_ms() < end) {
		clock_pause_us(20000);
		r = connect_path(b, dir, name, true);
	}
	return r;
}

/* The manager's own socket first: no daemon between that could be overloaded or restarted, and one hop less. */
static int connect_system(struct sdbus *b)
{
	int r = connect_manager(b, "/run/systemd", "private");

	return r < 0 ? connect_path(b, "/run/dbus", "system_bus_socket", false) : r;
}

/* In a user namespace the user's directory is still named after the id outside. */
static uid_t outer_uid(void)
{
	AUTO(buf_done) struct buf text = { 0 };
	autoclose int proc = procfs_open(NULL);
	autoclose int fd = proc < 0 ? -EBADF : procfs_open_file(proc, "self/uid_map", O_RDONLY);
	unsigned long long inner, outer, count;
	char *save = NULL;

	if (fd < 0 || io_read_all(fd, 1 << 16, &text) < 0 || !text.data)
		return geteuid();
	for (char *line = strtok_r(text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%llu %llu %llu", &inner, &outer, &count) == 3 && geteuid() >= inner &&
		    geteuid() - inner < count)
			return (uid_t)(outer + (geteuid() - inner));
	return geteuid();
}

static int connect_user(struct sdbus *b)
{
	const char *address = getenv("DBUS_SESSION_BUS_ADDRESS"), *runtime = getenv("XDG_RUNTIME_DIR");
	char dir[64];
	int r = -ENOENT;

	snprintf(dir, sizeof(dir), "/run/user/%u", (unsigned)outer_uid());
	if (address && *address)
		r = connect_to(b, address, false);
	if (r < 0 && runtime && *runtime)
		r = connect_path(b, runtime, "bus", false);
	if (r < 0)
		r = connect_path(b, dir, "bus", false);
	return r < 0 ? connect_manager(b, runtime && *runtime ? runtime : dir, "systemd/private") : r;
}

static int on_job_removed(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	const char *path, *unit, *result;
	struct sdbus *b = arg;
	uint32_t id;

	(void)error;
	if (!b->answer || lib.sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) < 0)
		return 0;
	if (strcmp(path, b->answer->text) == 0) {
		snprintf(b->answer->result, sizeof(b->answer->result), "%s", result);
		b->job_ended = true;
	}
	return 0;
}

/* Sent without waiting for the answer: it is there before the call that it is for. A direct connection has no senders. */
static int watch_jobs(struct sdbus *b)
{
	return lib.sd_bus_match_signal_async(b->bus, NULL, b->direct ? NULL : SYSTEMD, MANAGER_PATH, MANAGER,
					     "JobRemoved", on_job_removed, NULL, b);
}

int sdbus_open(bool user, struct sdbus **ret, struct err *err)
{
	AUTO(sdbus_close) struct sdbus *b = NULL;
	int r = load(err);

	if (r < 0)
		return r;
	b = calloc(1, sizeof(*b));
	if (!b)
		return err_set(err, ENOMEM, "connect to systemd");
	r = user ? connect_user(b) : connect_system(b);
	if (r >= 0)
		r = watch_jobs(b);
	if (r < 0) {
		err_code(err, r, "connect to systemd (%s)", user ? "the user's manager" : "the system's manager");
		if (user)
			err_hint(err, "log in as this user with a session of its own (loginctl enable-linger), and set "
				      "XDG_RUNTIME_DIR or DBUS_SESSION_BUS_ADDRESS");
		else
			err_hint(err, "without systemd, use --cgroup-manager cgroupfs");
		return r;
	}
	*ret = take_ptr(&b);
	return 0;
}

void sdbus_close(struct sdbus **b)
{
	if (!*b)
		return;
	if ((*b)->bus) {
		lib.sd_bus_close((*b)->bus);
		lib.sd_bus_unref((*b)->bus);
	}
	free(*b);
	*b = NULL;
}

/* ---- messages ---- */

static int append_item(sd_bus_message *m, const char *type, const struct unit_item *item)
{
	if (strcmp(type, "s") == 0)
		return lib.sd_bus_message_append(m, "s", item->text);
	if (strcmp(type, "u") == 0)
		return lib.sd_bus_message_append(m, "u", (uint32_t)item->number);
	if (strcmp(type, "(ss)") == 0)
		return lib.sd_bus_message_append(m, "(ss)", item->text, item->second);
	if (strcmp(type, "(st)") == 0)
		return lib.sd_bus_message_append(m, "(st)", item->text, item->number);
	return -EINVAL;
}

static int append_array(sd_bus_message *m, const struct unit_prop *p)
{
	const char *type = p->type + 1;
	int r;

	if (strcmp(type, "y") == 0)
		return lib.sd_bus_message_append_array(m, 'y', p->bytes, p->bytes_len);
	r = lib.sd_bus_message_open_container(m, 'a', type);
	for (size_t i = 0; r >= 0 && i < p->items_len; i++)
		r = append_item(m, type, &p->items[i]);
	return r < 0 ? r : lib.sd_bus_message_close_container(m);
}

static int append_value(sd_bus_message *m, const struct unit_prop *p)
{
	switch (p->type[0]) {
	case 'a':
		return append_array(m, p);
	case 's':
		return lib.sd_bus_message_append(m, "s", p->text);
	case 't':
	case 'x':
		return lib.sd_bus_message_append(m, p->type, p->number);
	case 'b':
	case 'y':
	case 'u':
	case 'i':
		return lib.sd_bus_message_append(m, p->type, (int)p->number);
	default:
		return -EINVAL;
	}
}

static int append_props(sd_bus_message *m, const struct unit_props *props)
{
	int r = lib.sd_bus_message_open_container(m, 'a', "(sv)");

	for (size_t i = 0; r >= 0 && i < props->len; i++) {
		const struct unit_prop *p = &props->v[i];

		r = lib.sd_bus_message_open_container(m, 'r', "sv");
		if (r >= 0)
			r = lib.sd_bus_message_append(m, "s", p->name);
		if (r >= 0)
			r = lib.sd_bus_message_open_container(m, 'v', p->type);
		if (r >= 0)
			r = append_value(m, p);
		for (int k = 0; r >= 0 && k < 2; k++)
			r = lib.sd_bus_message_close_container(m);
	}
	return r < 0 ? r : lib.sd_bus_message_close_container(m);
}

static int build(struct sdbus *b, const struct sdbus_call *c, sd_bus_message **ret)
{
	int r = lib.sd_bus_message_new_method_call(b->bus, ret, SYSTEMD, c->path ? c->path : MANAGER_PATH,
						   c->interface ? c->interface : MANAGER, c->member);

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(c->strings) && c->strings[i]; i++)
		r = lib.sd_bus_message_append(*ret, "s", c->strings[i]);
	if (r >= 0 && c->runtime)
		r = lib.sd_bus_message_append(*ret, "b", 1);
	if (r >= 0 && c->pid > 0)
		r = lib.sd_bus_message_append(*ret, "au", 1, (uint32_t)c->pid);
	if (r >= 0 && c->props)
		r = append_props(*ret, c->props);
	if (r >= 0 && c->auxiliary)
		r = lib.sd_bus_message_append(*ret, "a(sa(sv))", 0);
	return r;
}

/* ---- the answer ---- */

static void read_answer(sd_bus_message *m, struct sdbus_answer *a)
{
	const char *text = NULL;
	char type = 0;

	if (lib.sd_bus_message_peek_type(m, &type, NULL) <= 0)
		return;
	if (type == 'v')
		(void)lib.sd_bus_message_read(m, "v", "s", &text);
	else if (type == 's' || type == 'o')
		(void)lib.sd_bus_message_read(m, type == 's' ? "s" : "o", &text);
	snprintf(a->text, sizeof(a->text), "%s", text ? text : "");
}

static int on_answer(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	const sd_bus_error *e = lib.sd_bus_message_get_error(m);
	struct sdbus *b = arg;

	(void)error;
	b->answered = true;
	if (!b->answer)
		return 0;
	if (!e) {
		read_answer(m, b->answer);
		return 0;
	}
	b->code = -lib.sd_bus_error_get_errno(e);
	b->code = b->code < 0 ? b->code : -EIO;
	snprintf(b->answer->error, sizeof(b->answer->error), "%s", e->name ? e->name : "");
	snprintf(b->message, sizeof(b->message), "%s", e->message ? e->message : "");
	return 0;
}

static bool finished(const struct sdbus *b, const struct sdbus_call *c)
{
	return b->answered && (b->code < 0 || !c->job || b->job_ended);
}

static int wait_answer(struct sdbus *b, const struct sdbus_call *c)
{
	int64_t start = clock_ms(), end = start + SDBUS_JOB_MS;

	while (!finished(b, c)) {
		int r = lib.sd_bus_process(b->bus, NULL);
		int64_t now = clock_ms();

		if (r < 0)
			return r == -ENOTCONN || r == -EPIPE ? -ECONNRESET : r;
		if (r > 0)
			continue;
		if (now >= end)
			return -ETIMEDOUT;
		r = lib.sd_bus_wait(b->bus, (end - now) * 1000);
		if (r < 0 && r != -EINTR)
			return r == -ENOTCONN || r == -EPIPE ? -ECONNRESET : r;
	}
	/* A bus says "no reply" at once when the manager has left it. */
	return b->code == -ETIMEDOUT && clock_ms() < start + SDBUS_CALL_MS ? -ECONNRESET : b->code;
}

static int fail(struct sdbus *b, const struct sdbus_call *c, int r, const char *what, struct err *err)
{
	bool taken = b->answered && b->code == 0 && c->job;

	if (r == -ETIMEDOUT)
		return err_set(err, ETIMEDOUT, "%s: systemd did not %s within %d s", what, taken ? "finish" : "answer",
			       (taken ? SDBUS_JOB_MS : SDBUS_CALL_MS) / 1000);
	if (b->message[0])
		return err_set(err, -r, "%s: %s", what, b->message);
	return err_code(err, r, "%s", what);
}

int sdbus_call(struct sdbus *b, const struct sdbus_call *c, struct sdbus_answer *ret, const char *what, struct err *err)
{
	sd_bus_message *m = NULL;
	int r;

	*ret = (struct sdbus_answer){ .text = "" };
	b->answer = ret;
	b->answered = b->job_ended = false;
	b->code = 0;
	b->message[0] = 0;
	r = build(b, c, &m);
	if (r >= 0)
		r = lib.sd_bus_call_async(b->bus, NULL, m, on_answer, b, (uint64_t)SDBUS_CALL_MS * 1000);
	if (m)
		lib.sd_bus_message_unref(m);
	if (r >= 0)
		r = wait_answer(b, c);
	b->answer = NULL;
	return r < 0 ? fail(b, c, r, what, err) : 0;
}

#else

bool sdbus_is_built(void)
{
	return false;
}

int sdbus_open(bool user, struct sdbus **ret, struct err *err)
{
	(void)user;
	(void)ret;
	err_set(err, EOPNOTSUPP, "connect to systemd: this masu was built without libsystemd");
	err_hint(err, "use --cgroup-manager cgroupfs, or build it with the headers of libsystemd");
	return -EOPNOTSUPP;
}

void sdbus_close(struct sdbus **b)
{
	(void)b;
}

int sdbus_call(struct sdbus *b, const struct sdbus_call *c, struct sdbus_answer *ret, const char *what, struct err *err)
{
	(void)b;
	(void)c;
	*ret = (struct sdbus_answer){ .text = "" };
	return err_set(err, EOPNOTSUPP, "%s: this masu was built without libsystemd", what);
}

#endif
