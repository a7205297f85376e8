#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Descriptors that go in and out: socket activation, --pidfd-socket.
load ../lib/helpers
setup_file() {
	common_setup_file
	needs python3
}
setup() {
	common_setup
	TAKER=$BATS_TEST_TMPDIR/taker.sock
	SEEN=$BATS_TEST_TMPDIR/seen
	echo three >"$BATS_TEST_TMPDIR/3"
	echo four >"$BATS_TEST_TMPDIR/4"
	echo five >"$BATS_TEST_TMPDIR/5"
}
teardown() {
	[[ -z ${taker_pid:-} ]] || kill "$taker_pid" 2>/dev/null || true
	common_teardown
}

taker() {
	rm -f "$TAKER" "$SEEN"
	env -u MASU_TEST_ID timeout "${RT_TIMEOUT:-60}" python3 "$lib/receive.py" "$TAKER" "$SEEN" 3>&- &
	taker_pid=$!
	wait_for 10 grep -qs ready "$SEEN"
}
seen() { wait_for 10 grep -q payload "$SEEN" && jq -r "select(.payload) | .$1" "$SEEN"; }
# VARIABLES -- ARGS...: the runtime as a service manager starts it, with two sockets (files here) and one more.
activated() {
	local vars=()
	while [[ $1 != -- ]]; do vars+=("$1"); shift; done
	shift
	timeout -k 5 "${RT_TIMEOUT:-30}" env "${vars[@]}" bash -c '[[ ${LISTEN_PID:-} != self ]] || export LISTEN_PID=$$; exec "$@"' bash "$RUNTIME" --root "$ROOT" "$@" \
		</dev/null 3<"$BATS_TEST_TMPDIR/3" 4<"$BATS_TEST_TMPDIR/4" 5<"$BATS_TEST_TMPDIR/5"
}
show='echo "${LISTEN_FDS:-} ${LISTEN_PID:-} ${LISTEN_FDNAMES:-}"; for f in 3 4 5 6; do [ ! -e /proc/self/fd/$f ] || cat <&$f; done'

@test "activation: create and start" {
	config_args sh -c "($show) >/tmp/seen-$ID"
	activated LISTEN_FDS=2 LISTEN_PID=self LISTEN_FDNAMES=a:b -- create --bundle "$BUNDLE" "$ID"
	start
	wait_for 10 grep -q four "$ROOTFS/tmp/seen-$ID"
	is_masu || skip "names are not passed on by others"
	equals "$(cat "$ROOTFS/tmp/seen-$ID")" $'2 1 a:b\nthree\nfour'
	rm "$ROOTFS/tmp/seen-$ID"
}

@test "activation: run, with --preserve-fds behind the sockets" {
	config_args sh -c "$show"
	config_patch '.process.env += ["LISTEN_FDS=9", "LISTEN_PID=9"]'
	output=$(activated LISTEN_FDS=2 LISTEN_PID=self -- run --preserve-fds 1 --bundle "$BUNDLE" "$ID")
	equals "$output" $'2 1 \nthree\nfour\nfive'
}

@test "activation: exec" {
	config_args sleep 100
	run_detached
	# LISTEN_PID is about the program that reads it, which is not number 1 here
	output=$(activated LISTEN_FDS=1 LISTEN_PID=self LISTEN_FDNAMES=web -- exec "$ID" sh -c "[ \$LISTEN_PID = \$\$ ] && LISTEN_PID=mine; $show")
	is_masu || skip "names are not passed on by others, and their LISTEN_PID is 1"
	equals "$output" $'1 mine web\nthree'
}

@test "activation: no LISTEN_PID is for us, an other one is not, nonsense is an error" {
	is_masu || skip "others differ among themselves"
	config_args sh -c "$show"
	equals "$(activated LISTEN_FDS=1 -- run --bundle "$BUNDLE" "$ID")" $'1 1 \nthree'
	equals "$(activated LISTEN_FDS=1 LISTEN_PID=1 -- run --bundle "$BUNDLE" "$ID" | tr -d ' ')" ""
	fails "LISTEN_FDS" activated LISTEN_FDS=-1 -- run --bundle "$BUNDLE" "$ID"
	fails "descriptor 6" activated LISTEN_FDS=4 -- run --bundle "$BUNDLE" "$ID"
	nothing_left
}

@test "pidfd-socket: create, run and exec send one descriptor of the right process" {
	[[ $(basename "$RUNTIME") != crun ]] || skip "crun has none"
	config_args sleep 100
	taker
	create --pidfd-socket "$TAKER"
	equals "$(seen pid) $(seen payload) $(seen fds) $(seen controls)" "$(state pid) standard 1 1"
	taker
	rtq exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" --pidfd-socket "$TAKER" "$ID" sleep 100
	equals "$(seen pid) $(seen payload) $(seen fds)" "$(<"$BATS_TEST_TMPDIR/pid") setns 1"
	rtq delete --force "$ID"
	taker
	run_detached --pidfd-socket "$TAKER"
	equals "$(seen pid) $(seen payload)" "$(state pid) standard"
}

@test "pidfd-socket: nobody there is an error, and there is no container" {
	[[ $(basename "$RUNTIME") != crun ]] || skip "crun has none"
	config_args sleep 100
	fails "nobody" create --pidfd-socket "$BATS_TEST_TMPDIR/nobody" --pid-file "$BATS_TEST_TMPDIR/pid"
	[[ ! -e $BATS_TEST_TMPDIR/pid ]]
	nothing_left
}
