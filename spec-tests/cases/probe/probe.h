/* SPDX-License-Identifier: Apache-2.0 */
/* The in-container probe: one static program that prints, as one JSON object, the facts its arguments ask for.
 * Here is what its files share: the writer of JSON and the table of words. No heap, no files of libc. */
#ifndef PROBE_H
#define PROBE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A word of the command line, "name" or "name:argument"; it prints one JSON value. */
struct probe_word {
	const char *name;
	void (*print)(const char *arg);
};

extern const struct probe_word words_proc[], words_sched[], words_mount[], words_path[], words_sys[], words_call[],
	words_load[];

/* What the program was started with. */
extern int probe_argc;
extern char **probe_argv, **probe_env;
extern unsigned probe_umask;

/* Prints the object {"WORD": value, …} of so many words. */
void probe_print(int n, char **words);

/* The writer puts commas by itself: before whatever follows a finished value. */
void out_open(char bracket);
void out_close(char bracket);
void out_key(const char *key);
void out_str(const char *s);
void out_strn(const char *s, size_t n);
void out_num(long long v);
void out_unum(unsigned long long v);
void out_bool(bool v);
void out_null(void);
void out_flush(int fd);

/* "EPERM" for 1; the number when it has no name here. */
const char *errno_name(int err);
void out_errno(int err);
/* Prints "ok" for a result of 0 or more, else the name of errno. */
void out_result(long r);

/* The whole of a file, cut at size - 1, ended by NUL; negative errno. */
long read_file(const char *path, char *buf, size_t size);
/* The value after "Name:" in a text of lines, without spaces around it, into out; false when there is none. */
bool field_of(const char *text, const char *name, char *out, size_t size);
bool word_is(const char *word, const char *name);
unsigned long long number_of(const char *s);
#endif
