/* SPDX-License-Identifier: Apache-2.0 */
/* base/err, base/log, base/table. */
#include <errno.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "base/table.h"
#include "check.h"

TEST(err_set_fills_and_returns_the_negative_code)
{
	struct err e = { 0 };

	CHECK_ERR(err_set(&e, EINVAL, "open `%s`: odd", "x"), -EINVAL);
	CHECK_INT(e.code, EINVAL);
	CHECK_STR(e.text, "open `x`: odd");
	CHECK_ERR(err_set(NULL, ENOENT, "x"), -ENOENT);
}

TEST(err_sys_appends_errno_and_keeps_it)
{
	struct err e = { 0 };

	errno = ENOENT;
	CHECK_ERR(err_sys(&e, "open `%s`", "/x"), -ENOENT);
	CHECK_STR(e.text, "open `/x`: No such file or directory");
	CHECK_INT(errno, ENOENT);
	errno = EPERM;
	CHECK_ERR(err_sys(NULL, "x"), -EPERM);
}

TEST(err_code_takes_a_code_at_hand)
{
	struct err e = { 0 };

	errno = 7;
	CHECK_ERR(err_code(&e, -EEXIST, "make `a`"), -EEXIST);
	CHECK_STR(e.text, "make `a`: File exists");
	CHECK_INT(errno, 7);
}

TEST(err_wrap_prefixes_even_its_own_text)
{
	struct err e = { 0 };

	err_set(&e, EINVAL, "inner");
	CHECK_ERR(err_wrap(&e, -EINVAL, "mount %d", 4), -EINVAL);
	CHECK_STR(e.text, "mount 4: inner");
	err_set(&e, EINVAL, "again %s", e.text);
	CHECK_STR(e.text, "again mount 4: inner");
	err_clear(&e);
	CHECK_ERR(err_wrap(&e, -ENOENT, "load"), -ENOENT);
	CHECK_INT(e.code, ENOENT);
	CHECK_STR(e.text, "load: No such file or directory");
	CHECK_ERR(err_wrap(NULL, -ENOENT, "load"), -ENOENT);
}

TEST(err_text_too_long_is_cut_and_terminated)
{
	struct err e = { 0 };
	char longer[3000];

	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	errno = ENOENT;
	err_sys(&e, "%s", longer);
	CHECK_INT(strlen(e.text), sizeof(e.text) - 1);
	err_wrap(&e, -ENOENT, "%s", longer);
	CHECK_INT(strlen(e.text), sizeof(e.text) - 1);
	err_pointer(&e, "%s", longer);
	err_hint(&e, "%s", longer);
	CHECK_INT(strlen(e.pointer), sizeof(e.pointer) - 1);
	CHECK_INT(strlen(e.hint), sizeof(e.hint) - 1);
}

TEST(err_text_is_one_line_that_does_not_speak_to_terminals)
{
	struct err e = { 0 };

	err_set(&e, EINVAL, "read `%s`: bad", "a\nb\x1b[31m\x7f\xc3\xa9");
	CHECK_STR(e.text, "read `a?b?[31m?\xc3\xa9`: bad");
}

TEST(err_hint_and_pointer_first_wins)
{
	struct err e = { 0 };

	err_hint(&e, "one");
	err_hint(&e, "two");
	err_pointer(&e, "/a/%d", 1);
	err_pointer(&e, "/b");
	CHECK_STR(e.hint, "one");
	CHECK_STR(e.pointer, "/a/1");
	err_hint(NULL, "x");
	err_pointer(NULL, "x");
	err_clear(NULL);
	err_clear(&e);
	CHECK_STR(e.hint, "");
	CHECK_STR(e.pointer, "");
}

TEST(err_format_joins_the_parts_that_are_set)
{
	struct err e = { 0 };
	char line[256], tiny[6];

	err_set(&e, EINVAL, "text");
	err_format(&e, line, sizeof(line));
	CHECK_STR(line, "text");
	snprintf(e.step, sizeof(e.step), "create");
	err_format(&e, line, sizeof(line));
	CHECK_STR(line, "create: text");
	err_pointer(&e, "/process/cwd");
	err_format(&e, line, sizeof(line));
	CHECK_STR(line, "create: /process/cwd: text");
	err_set(&e, EINVAL, "config.json: /process/cwd: text");
	err_format(&e, line, sizeof(line));
	CHECK_STR(line, "create: config.json: /process/cwd: text");
	err_format(&e, tiny, sizeof(tiny));
	CHECK_STR(tiny, "creat");
	err_format(&e, NULL, 0);
	err_clear(&e);
	e.code = ENOENT;
	err_format(&e, line, sizeof(line));
	CHECK_STR(line, "No such file or directory");
}

struct seen {
	int count;
	enum log_level level;
	char text[4096];
};

static void sink(void *arg, enum log_level level, const char *text)
{
	struct seen *s = arg;

	s->count++;
	s->level = level;
	snprintf(s->text, sizeof(s->text), "%s", text);
	errno = 99;
}

TEST(log_goes_to_the_sink_up_to_its_level)
{
	struct seen s = { 0 };

	log_error("nobody listens");
	CHECK(!log_enabled(LOG_LEVEL_ERROR));
	log_set_sink(sink, &s, LOG_LEVEL_INFO);
	errno = 5;
	log_warn("a %d", 1);
	CHECK_INT(errno, 5);
	CHECK_INT(s.count, 1);
	CHECK_INT(s.level, LOG_LEVEL_WARN);
	CHECK_STR(s.text, "a 1");
	log_debug("b");
	CHECK_INT(s.count, 1);
	CHECK(log_enabled(LOG_LEVEL_INFO) && !log_enabled(LOG_LEVEL_TRACE));
	log_set_sink(NULL, NULL, LOG_LEVEL_TRACE);
	log_error("c");
	CHECK_INT(s.count, 1);
}

TEST(vocab_serves_both_directions)
{
	static const struct word words[] = { { "pid", 1 }, { "network", 2 }, { "net", 2 } };
	static const struct vocab v = { "namespace", words, 3 };

	CHECK_INT(vocab_find(&v, "net")->value, 2);
	CHECK(!vocab_find(&v, "ne"));
	CHECK(!vocab_find(&v, ""));
	CHECK(!vocab_find(&v, NULL));
	CHECK_STR(vocab_name(&v, 2), "network");
	CHECK(!vocab_name(&v, 3));
}

CHECK_MAIN();
