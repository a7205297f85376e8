#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# run: exit codes, streams, signals, file descriptors, detached, kept.
load ../lib/helpers
setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

@test "run: exit codes" {
	local code
	for code in 0 1 7 126 127 255; do
		config_args sh -c "exit $code"
		run_fg
		equals "$status" $code
	done
	nothing_left
}

@test "run: 128 + signal" {
	config_args sh -c 'sh -c "kill -9 \$\$"; exit $?'
	run_fg
	equals "$status" 137
	# without a pid namespace the program may kill itself
	config '.process.args = ["sh", "-c", "kill -TERM $$"] | .linux.namespaces |= map(select(.type != "pid"))'
	run_fg
	equals "$status" 143
	nothing_left
}

@test "run: stdin, stdout, stderr are the caller's own" {
	config_args sh -c 'read line; echo "got $line"; echo "to stderr" >&2'
	echo hello | rt run --bundle "$BUNDLE" "$ID" >"$OUT" 2>"$ERR"
	equals "$(cat "$OUT")" "got hello"
	equals "$(cat "$ERR")" "to stderr"
}

@test "run: big output is complete" {
	config_args sh -c 'dd if=/dev/zero bs=65536 count=256 2>/dev/null'
	equals "$(rt run --bundle "$BUNDLE" "$ID" </dev/null | wc -c)" $((65536 * 256))
}

@test "run: deleted at the end, --keep keeps it" {
	config_args true
	run_fg
	nothing_left
	run_fg --keep
	equals "$status" 0
	status_is stopped
	rtq delete "$ID"
}

@test "run --detach: returns, runs on, --pid-file" {
	run_detached --pid-file "$BATS_TEST_TMPDIR/pid"
	status_is running
	equals "$(cat "$BATS_TEST_TMPDIR/pid")" "$(state pid)"
	kill -0 "$(cat "$BATS_TEST_TMPDIR/pid")"
}

@test "run: signals are passed on to the program" {
	config_args sh -c 'trap "echo term; exit 3" TERM; trap "echo usr1" USR1; echo up; while :; do sleep 0.02; done'
	timeout -k 5 "${RT_TIMEOUT:-30}" "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null >"$OUT" 2>"$ERR" 3>&- &
	wait_for 5 grep -q up "$OUT"
	local main
	main=$(pgrep -P $! | head -n 1)
	kill -USR1 "$main"
	wait_for 5 grep -q usr1 "$OUT"
	kill -TERM "$main"
	local code=0
	wait $! || code=$?
	equals "$code" 3
	equals "$(tr '\n' ' ' <"$OUT")" "up usr1 term "
	nothing_left
}

@test "run: nobody but the program's own descriptors" {
	config_args sh -c 'ls -l /proc/self/fd | sed "s/.* \([0-9]*\) -> .*/\1/" | grep "^[0-9]*$" | tr "\n" " "; ls /proc/1/fd; :'
	exec 7</etc/passwd 8>/dev/null
	run_fg
	exec 7<&- 8>&-
	matches "$output" $'0\n1\n2$'
	[[ ! $output =~ (^|[[:space:]])[78]([[:space:]]|$) ]]
}

@test "run --preserve-fds: these and no others" {
	config_args sh -c 'cat <&3; cat <&4; ls /proc/1/fd; :'
	echo three >"$BATS_TEST_TMPDIR/3"
	echo four >"$BATS_TEST_TMPDIR/4"
	output=$(timeout "${RT_TIMEOUT:-30}" "$RUNTIME" --root "$ROOT" run --preserve-fds 2 --bundle "$BUNDLE" "$ID" </dev/null 3<"$BATS_TEST_TMPDIR/3" 4<"$BATS_TEST_TMPDIR/4" 5</dev/null 6</dev/null)
	equals "$output" $'three\nfour\n0\n1\n2\n3\n4'
}

@test "run: LISTEN_FDS" {
	config_args sh -c 'echo "$LISTEN_FDS $LISTEN_PID"; cat <&3; ls /proc/1/fd; :'
	echo socket >"$BATS_TEST_TMPDIR/3"
	output=$(bash -c 'export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"' bash timeout --foreground 30 "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null 3<"$BATS_TEST_TMPDIR/3" 4</dev/null || true)
	# the timeout program has the pid of LISTEN_PID, the runtime another one: then they are not for us
	[[ $output != *socket* ]] || ! is_masu
	output=$(bash -c 'export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"' bash "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID-2" </dev/null 3<"$BATS_TEST_TMPDIR/3" 4</dev/null)
	equals "$output" $'1 1\nsocket\n0\n1\n2\n3'
}

@test "run: closed stdio does not reach the container as a foreign file" {
	config_args sh -c 'ls -l /proc/1/fd >/tmp/fd-$MASU_TEST_ID'
	rt run --bundle "$BUNDLE" "$ID" <&- >&- 2>&- || true
	cat "$ROOTFS/tmp/fd-$ID"
	refute grep -qE 'memfd|state|socket|fifo' "$ROOTFS/tmp/fd-$ID"
	rm -f "$ROOTFS/tmp/fd-$ID"
}

@test "run: the program's view" {
	config '.process.args = ["sh", "-c", "hostname; id -u; id -g; id -G; pwd; umask; echo $$; echo $KEY"]
		| .process.cwd = "/tmp" | .process.user = {"uid": 1000, "gid": 1000, "umask": 63, "additionalGids": [50, 60]} | .process.env += ["KEY=a=b c"]'
	run_fg
	equals "$output" $'box\n1000\n1000\n1000 50 60\n/tmp\n0077\n1\na=b c'
	nothing_left
}

@test "run: cwd that does not exist is made" {
	config '.process.args = ["pwd"] | .process.cwd = "/tmp/new/'"$ID"'"'
	run_fg
	equals "$output" "/tmp/new/$ID"
	rm -r "$ROOTFS/tmp/new"
}

@test "run: a program that starts in an overlay" {
	local o=$BATS_TEST_TMPDIR/o
	mkdir -p "$o"/{upper,work,merged}
	# overlayfs cannot lie on every file system
	unshare -m mount -t overlay overlay -o "lowerdir=$ROOTFS,upperdir=$o/upper,workdir=$o/work" "$o/merged" || skip "no overlay on $(stat -f -c %T "$o")"
	config_args sh -c 'echo changed >/etc/changed; cat /etc/changed'
	output=$(unshare -m --propagation slave bash -c 'mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/merged"
		jq --arg r "$2/merged" ".root.path = \$r" "$3/config.json" >"$3/x" && mv "$3/x" "$3/config.json"
		"$4" --root "$5" run --bundle "$3" "$6" 3>&-' bash "$ROOTFS" "$o" "$BUNDLE" "$RUNTIME" "$ROOT" "$ID" </dev/null)
	equals "$output" changed
	equals "$(cat "$o/upper/etc/changed")" changed
	[[ ! -e $ROOTFS/etc/changed ]]
}

@test "run: read-only root" {
	config '.root.readonly = true | .process.args = ["sh", "-c", "echo x >/x 2>/dev/null && echo written; echo y >/dev/shm/y && cat /dev/shm/y"]'
	run_fg
	equals "$output" y
	[[ ! -e $ROOTFS/x ]]
}

# A container of the same id that somebody else has made meanwhile is none of its business.
@test "run: the end leaves alone what has its id by then" {
	config_args sleep 1000
	timeout -k 5 "${RT_TIMEOUT:-30}" "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null >"$OUT" 2>"$ERR" 3>&- &
	local pid=$! runner
	wait_for 10 status_is running
	runner=$(pgrep -P "$pid")
	kill -STOP "$runner"
	rt delete --force "$ID"
	create
	kill -CONT "$runner"
	wait "$pid" || true
	status_is created
	rtq delete --force "$ID"
	nothing_left
}

@test "create: waits for no child but its own" {
	env -u MASU_TEST_ID unshare -pf --kill-child sleep 1000 3>&- &
	local outer=$! inner
	wait_for 5 eval 'inner=$(pgrep -P '"$outer"')'
	# joined, so that the process is cloned by a stage; then it fails
	config '.process.args = ["not-there"] | (.linux.namespaces[] | select(.type == "pid")).path = "/proc/'"$inner"'/ns/pid"'
	local s=0
	timeout -k 5 "${RT_TIMEOUT:-15}" bash -c 'sleep 1000 3>&- & echo $! >"$1/other"; exec "${@:2}"' bash "$BATS_TEST_TMPDIR" "$RUNTIME" --root "$ROOT" create --bundle "$BUNDLE" "$ID" </dev/null >"$OUT" 2>"$ERR" 3>&- || s=$?
	kill "$(cat "$BATS_TEST_TMPDIR/other")" "$outer"
	cat "$ERR"
	[[ $s != 0 && $s != 124 ]]
	grep -q not-there "$ERR"
	nothing_left
}
