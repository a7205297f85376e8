dnl SPDX-License-Identifier: Apache-2.0
dnl Small macros of this project.

dnl MASU_C_FLAGS(VAR, FLAGS): adds each flag that the C compiler accepts to VAR.
AC_DEFUN([MASU_C_FLAGS], [
	for masu_flag in $2; do
		masu_save="$CFLAGS"
		CFLAGS="$CFLAGS -Werror $masu_flag"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM()], [$1="$$1 $masu_flag"], [])
		CFLAGS="$masu_save"
	done])

dnl MASU_LD_FLAGS(VAR, FLAGS): the same for the linker.
AC_DEFUN([MASU_LD_FLAGS], [
	for masu_flag in $2; do
		masu_save="$LDFLAGS"
		LDFLAGS="$LDFLAGS $masu_flag"
		AC_LINK_IFELSE([AC_LANG_PROGRAM()], [$1="$$1 $masu_flag"], [])
		LDFLAGS="$masu_save"
	done])

dnl MASU_STATIC_LIB(PREFIX, PKG, ARCHIVES, SYMBOL): replaces PREFIX_LIBS by the full name of the first archive that links,
dnl and sets PREFIX_linked to static or shared.
AC_DEFUN([MASU_STATIC_LIB], [
	$1_linked=shared
	AC_MSG_CHECKING([how to link $2])
	AS_IF([test "x$enable_static_libs" != xno], [
		masu_dirs="$($PKG_CONFIG --variable=libdir $2) /usr/lib/$($CC -print-multiarch 2>/dev/null) /usr/lib64 /usr/lib"
		for masu_dir in $masu_dirs; do
			for masu_ar in $3; do
				test "$$1_linked" = shared && test -e "$masu_dir/$masu_ar" || continue
				masu_save="$LIBS" masu_save_ld="$LDFLAGS"
				LIBS="$masu_dir/$masu_ar $LIBS" LDFLAGS="$LDFLAGS $MASU_LDFLAGS"
				AC_LINK_IFELSE([AC_LANG_CALL([], [$4])], [$1_LIBS="$masu_dir/$masu_ar" $1_linked=static], [])
				LIBS="$masu_save" LDFLAGS="$masu_save_ld"
			done
		done])
	AC_MSG_RESULT([$$1_linked ($$1_LIBS)])
	AS_IF([test "x$enable_static_libs$$1_linked" = xyesshared && test "$2" != libmnl],
		[AC_MSG_ERROR([no static archive of $2 (--enable-static-libs=yes)])])])

dnl MASU_INIT_CC: finds a compiler for masu-init: INIT_CC as given, musl-gcc, or the C compiler itself.
AC_DEFUN([MASU_INIT_CC], [
	AC_ARG_VAR([INIT_CC], [compiler for masu-init, which is linked statically [musl-gcc, else CC]])
	masu_init_given="$INIT_CC"
	AS_IF([test -z "$INIT_CC"], [AC_CHECK_PROGS([INIT_CC], [musl-gcc "$host_alias-musl-gcc"], [])])
	AC_MSG_CHECKING([whether masu-init can be built by ${INIT_CC:-$CC}])
	masu_ok=no
	masu_save_cc="$CC" masu_save_cf="$CFLAGS" masu_save_ld="$LDFLAGS"
	for masu_try in "$INIT_CC" "$CC"; do
		test $masu_ok = no && test -n "$masu_try" || continue
		for masu_idir in "" "-idirafter /usr/include -idirafter /usr/include/$($masu_save_cc -print-multiarch 2>/dev/null)"; do
			test $masu_ok = no || continue
			CC="$masu_try" CFLAGS="-std=gnu17 -Os $masu_idir" LDFLAGS="-static"
			AC_LINK_IFELSE([AC_LANG_PROGRAM([[
#define _GNU_SOURCE
#include <linux/seccomp.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>]], [[return (int)syscall(SYS_getpid);]])],
				[masu_ok=yes INIT_CC="$masu_try" INIT_CPPFLAGS="$masu_idir"], [])
		done
	done
	AS_IF([test $masu_ok = no], [AC_MSG_ERROR([no compiler links a static program; install musl-tools (or a static libc)])])
	CC="$INIT_CC" CFLAGS="$INIT_CPPFLAGS" LDFLAGS=
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
#include <unistd.h>
#ifdef __GLIBC__
#error glibc
#endif]], [])], [INIT_LIBC=musl], [INIT_LIBC=glibc])
	CC="$masu_save_cc" CFLAGS="$masu_save_cf" LDFLAGS="$masu_save_ld"
	AC_MSG_RESULT([$INIT_CC ($INIT_LIBC)])
	AS_IF([test -n "$masu_init_given" && test "$masu_init_given" != "$INIT_CC"], [AC_MSG_ERROR([INIT_CC=$masu_init_given does not work])])])
