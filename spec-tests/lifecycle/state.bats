#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# create, start, state, kill, delete, list: the states of a container and what is refused in each.
load ../lib/helpers
setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

@test "create: state document" {
	config '.annotations = {"org.example.key": "value"}'
	create --pid-file "$BATS_TEST_TMPDIR/pid"
	rt state "$ID" >"$OUT"
	jq -e --arg id "$ID" --arg bundle "$(realpath "$BUNDLE")" --arg rootfs "$(realpath "$ROOTFS")" '
		.id == $id and .status == "created" and .bundle == $bundle and .rootfs == $rootfs
		and (.ociVersion | test("^1\\.[0-9]+\\.[0-9]+")) and (.pid | type == "number" and . > 1)
		and (.created | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?Z$"))
		and .annotations == {"org.example.key": "value"}' "$OUT"
	! is_masu || equals "$(tail -c 1 "$OUT" | od -An -c | tr -d ' ')" '\n'
	# decimal, no newline: callers convert the raw bytes
	equals "$(od -An -c "$BATS_TEST_TMPDIR/pid" | tr -d ' \n')" "$(state pid)"
}

@test "create: the program has not run, start runs it" {
	config_args sh -c 'echo ran >/tmp/ran-$MASU_TEST_ID; sleep 100'
	create
	sleep 0.2
	[[ ! -e $ROOTFS/tmp/ran-$ID ]]
	start
	wait_for 5 test -e "$ROOTFS/tmp/ran-$ID"
	status_is running
	rm "$ROOTFS/tmp/ran-$ID"
}

@test "stopped: pid is 0, delete removes it" {
	config_args true
	create
	start
	wait_for 5 status_is stopped
	matches "$(state pid)" '^(0|null)$'
	rtq delete "$ID"
	fails 'does not exist|no such file' rt state "$ID"
}

@test "the container's init has the caller's subreaper as parent" {
	config_args sh -c 'exit 7'
	cat >"$BATS_TEST_TMPDIR/reaper.py" <<-'PY'
		import ctypes, os, subprocess, sys
		ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
		rt, root, bundle, ident, pidfile = sys.argv[1:]
		null = open("/dev/null", "r+")
		subprocess.check_call([rt, "--root", root, "create", "--bundle", bundle, "--pid-file", pidfile, ident], stdin=null, stdout=null)
		pid = int(open(pidfile).read())
		subprocess.check_call([rt, "--root", root, "start", ident], stdin=null, stdout=null)
		left = set()
		while True:
		    try:
		        p, status = os.wait()
		    except ChildProcessError:
		        break
		    left.add(p)
		    if p == pid:
		        assert os.WEXITSTATUS(status) == 7, status
		assert left == {pid}, left
	PY
	timeout "${RT_TIMEOUT:-20}" python3 "$BATS_TEST_TMPDIR/reaper.py" "$RUNTIME" "$ROOT" "$BUNDLE" "$ID" "$BATS_TEST_TMPDIR/pid" 3>&-
}

@test "an id is taken once; the first container is not harmed" {
	create
	fails 'already exists' create
	status_is created
	start
	status_is running
}

@test "an id whose create did not come to its end: another create names what removes it, and that does" {
	is_masu || skip "words of masu"
	mkdir -p "$ROOT"
	mkdir -m 700 "$ROOT/$ID"
	fails "delete --force $ID removes" create
	rtq delete --force "$ID"
	create
}

@test "ids that are no names are refused" {
	local id
	for id in "" . .. a/b 'a b' $'a\nb' 'ä' '/etc' '../x' "$(printf 'a%.0s' {1..1100})"; do
		fails . rtq create --bundle "$BUNDLE" -- "$id"
	done
	equals "$(ls -A "$ROOT")" ""
	[[ ! -e $ROOT/../x ]]
}

@test "unusual ids that are names work" {
	local id
	for id in "$ID+a_B.c-1" "$ID.2"; do
		rtq create --bundle "$BUNDLE" "$id"
		equals "$(state status "$id")" created
		rtq delete --force "$id"
	done
}

@test "start: twice, after the end, without a container" {
	config_args sleep 100
	create
	start
	fails 'running|not in .created|cannot start' start
	status_is running
	rtq kill "$ID" KILL
	wait_for 5 status_is stopped
	fails 'stopped|not running|cannot start' start
	fails 'does not exist|no such file' rtq start "no$ID"
}

@test "state, kill, delete, exec of a container that does not exist" {
	local c
	for c in state kill delete start exec; do
		[[ $c != exec ]] || set -- true
		fails 'does not exist|no such file' rtq "$c" "no$ID" "$@"
	done
	rtq delete --force "no$ID"
}

@test "delete: running is refused without --force" {
	run_detached
	fails 'not stopped|running|not in .created' rtq delete "$ID"
	status_is running
	rtq delete --force "$ID"
	nothing_left
}

@test "delete: created is killed and removed" {
	create
	local pid
	pid=$(state pid)
	rtq delete "$ID"
	[[ ! -e /proc/$pid ]] || [[ $(awk '/^State/{print $2}' "/proc/$pid/status") == Z ]]
	nothing_left
}

@test "delete --force: many processes, also those that ignore signals" {
	config_args sh -c 'trap "" TERM INT HUP; for i in 1 2 3 4 5 6 7 8; do (trap "" TERM; setsid sleep 1000) & done; wait; sleep 1000'
	run_detached
	wait_for 5 eval '(($(processes_of_test | grep -c "sleep 1000") >= 8))'
	rtq delete --force "$ID"
	nothing_left
}

@test "kill: names and numbers reach the program" {
	local sig n=0
	config_args sh -c 'for s in HUP USR1 USR2 TERM; do trap "echo $s >>/tmp/sig-$MASU_TEST_ID" $s; done; echo up >/tmp/sig-$MASU_TEST_ID; while :; do sleep 0.02; done'
	run_detached
	wait_for 5 test -s "$ROOTFS/tmp/sig-$ID"
	for sig in HUP SIGUSR1 usr2 sigterm 1 10 12 15; do
		rtq kill "$ID" $sig
		wait_for 5 eval '(($(wc -l <"$ROOTFS/tmp/sig-$ID") == n + 2))'
		((++n))
	done
	rtq kill "$ID"
	wait_for 5 eval '(($(wc -l <"$ROOTFS/tmp/sig-$ID") == 10))'
	equals "$(tr '\n' ' ' <"$ROOTFS/tmp/sig-$ID")" "up HUP USR1 USR2 TERM HUP USR1 USR2 TERM TERM "
	fails 'signal' rtq kill "$ID" NOSUCH
	fails 'signal' rtq kill "$ID" 99
	status_is running
	rtq kill "$ID" KILL
	wait_for 5 status_is stopped
	rm "$ROOTFS/tmp/sig-$ID"
}

@test "kill: a created container" {
	create
	rtq kill "$ID" KILL
	wait_for 5 status_is stopped
}

@test "kill: a stopped container is an error, --all is not" {
	config_args true
	run_detached
	wait_for 5 status_is stopped
	fails 'not running|no such process' rtq kill "$ID" TERM
	rtq kill --all "$ID" 9
}

@test "kill --all: every process" {
	config_args sh -c 'sleep 1000 & sleep 1000 & wait'
	config_patch '.linux.namespaces |= map(select(.type != "pid"))'
	run_detached
	wait_for 5 eval '(($(processes_of_test | grep -c "sleep 1000") >= 2))'
	rtq kill --all "$ID" KILL
	wait_for 5 eval '[[ -z $(processes_of_test) ]]'
}

@test "without process: create works, start is an error" {
	is_masu || [[ $(basename "$RUNTIME") != runc ]] || skip "runc wants process"
	config 'del(.process)'
	create
	status_is created
	fails 'process' start
	rtq delete --force "$ID"
	nothing_left
}

@test "config.json may change after create" {
	config_args sh -c 'echo first >/tmp/cfg-$MASU_TEST_ID'
	create
	echo 'broken' >"$BUNDLE/config.json"
	start
	wait_for 5 test -s "$ROOTFS/tmp/cfg-$ID"
	equals "$(cat "$ROOTFS/tmp/cfg-$ID")" first
	wait_for 5 status_is stopped
	rtq delete "$ID"
	rm "$ROOTFS/tmp/cfg-$ID"
}

@test "list: table, json, quiet, none" {
	local other
	equals "$(rt list --format json | jq -c '. // []')" '[]'
	equals "$(rt list -q)" ""
	create
	config_patch '.linux.cgroupsPath += "-b"'
	rtq run --detach --bundle "$BUNDLE" "$ID-b"
	rt list >"$OUT"
	cat "$OUT"
	matches "$(head -n 1 "$OUT")" 'PID +STATUS +BUNDLE'
	grep -qE "^$ID +$(state pid) +created +" "$OUT"
	grep -qE "^$ID-b +$(state pid "$ID-b") +running +" "$OUT"
	equals "$(rt list -q | sort | tr '\n' ' ')" "$ID $ID-b "
	rt list --format=json | jq -e --arg id "$ID" 'length == 2 and (map(select(.id == $id)) | .[0].status == "created" and .[0].owner == "root")'
	rt list -f json | jq -e 'map(.status) | sort == ["created", "running"]'
	for other in "$ID" "$ID-b"; do rtq delete --force "$other"; done
}

@test "state of another root is not seen" {
	create
	equals "$("$RUNTIME" --root "$BATS_TEST_TMPDIR/other" list -q 2>/dev/null)" ""
	fails 'does not exist|no such' "$RUNTIME" --root "$BATS_TEST_TMPDIR/other" state "$ID"
}
