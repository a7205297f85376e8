#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# NOTIFY_SOCKET: what a service in a container says about itself reaches the service manager, and nothing else does.
load ../lib/helpers
setup_file() {
	common_setup_file
	needs python3
	${CC:-gcc} -D_GNU_SOURCE -static -O1 -o "$BATS_FILE_TMPDIR/rootfs/bin/notifier" "$lib/notifier.c" || skip "needs a compiler that links statically"
}
setup() {
	common_setup
	MANAGER=$BATS_TEST_TMPDIR/manager.sock
	SEEN=$BATS_TEST_TMPDIR/seen
}
teardown() {
	[[ -z ${manager_pid:-} ]] || kill "$manager_pid" 2>/dev/null || true
	common_teardown
}

# [hold]: the manager.
manager() {
	env -u MASU_TEST_ID timeout "${RT_TIMEOUT:-60}" python3 "$lib/manager.py" "$MANAGER" "$SEEN" "$@" 3>&- &
	manager_pid=$!
	wait_for 10 grep -qs ready "$SEEN"
}
texts() { jq -rc 'select(.text) | .text | sub("\n$"; "") | gsub("\n"; "|")' "$SEEN"; }
# ARGS...: the service.
service() { config_args /bin/notifier "$@"; }
notify() { NOTIFY_SOCKET=$MANAGER "$@"; }
says() { equals "$(texts | sed "s/$(state pid)/PID/")" "$1"; }

@test "readiness: start waits for READY=1 and tells the main process, then a barrier" {
	service 'STATUS=begins' sleep=0.3 'READY=1|STATUS=up' sleep=100
	manager
	notify create
	says ""
	notify start
	# the barrier has been waited for: everything was read
	if is_masu; then
		says $'STATUS=begins\nREADY=1|STATUS=up|MAINPID=PID\nBARRIER=1'
	else
		texts | grep -q READY=1
	fi
	status_is running
	rtq delete --force "$ID"
	nothing_left
}

@test "readiness: the container sees a socket of its own, read-only and with a path that is not the host's" {
	config_args sh -c 'echo "$NOTIFY_SOCKET"; touch /run/notify/x 2>&1; rm "$NOTIFY_SOCKET" 2>&1; grep " /run/notify " /proc/mounts | cut -d" " -f4; ls -A /run/notify'
	config_patch '.process.env += ["NOTIFY_SOCKET=/of/the/image"]'
	manager
	notify run_fg
	is_masu || skip "paths and modes differ"
	equals "$(sed -n 1p "$OUT")" /run/notify/notify.sock
	matches "$output" "touch: /run/notify/x: Read-only file system"
	matches "$output" "can't remove '/run/notify/notify.sock': Read-only file system"
	matches "$output" "ro,nosuid,nodev,noexec"
	equals "$(tail -n 1 "$OUT")" notify.sock
}

@test "readiness: run --detach returns with READY=1, and no process stays" {
	service sleep=0.2 'READY=1' sleep=100
	manager
	notify run_detached
	texts | grep -q READY=1
	processes_of_test >"$OUT"
	cat "$OUT"
	[[ $(grep -c notifier "$OUT") == 1 ]]
	refute grep -q "run --detach" "$OUT"
	status_is running
}

@test "readiness: run passes on what is said until the end, with us as the main process" {
	is_masu || skip "only READY=1 is passed on by others"
	service READY=1 'STATUS=one' WATCHDOG=1 'RELOADING=1|MONOTONIC_USEC=5' barrier STOPPING=1
	manager
	notify run_fg
	equals "$status" 0
	matches "$output" "barrier passed"
	wait_for 5 grep -q STOPPING "$SEEN"
	matches "$(texts | head -n 1)" '^READY=1\|MAINPID=[0-9]+$'
	equals "$(texts | tail -n +2)" $'STATUS=one\nWATCHDOG=1\nRELOADING=1|MONOTONIC_USEC=5\nSTOPPING=1'
	# the sender is the main process that was told
	equals "$(jq -r 'select(.text) | .pid' "$SEEN" | sort -u)" "$(texts | sed -n '1s/.*MAINPID=//p')"
}

@test "readiness: no other main process, no descriptors, nothing unknown goes on" {
	is_masu || skip "what others pass on differs"
	service 'MAINPID=1|STATUS=x' 'fd=FDSTORE=1|FDNAME=y' 'fd=STATUS=with' 'MAINPIDFDID=5' 'NOTIFYACCESS=all' 'X_READY=1' ' READY=1' READY=1
	manager
	notify run_fg
	equals "$(texts | sed 's/MAINPID=.*/MAINPID=US/')" $'STATUS=x\nSTATUS=with\nREADY=1|MAINPID=US'
	equals "$(jq -r 'select(.text) | .fds' "$SEEN" | sort -u)" 0
}

@test "readiness: a container that ends without READY=1" {
	service STATUS=no
	manager
	notify create
	notify start
	wait_for 5 status_is stopped
	is_masu || return 0
	says STATUS=no
}

@test "readiness: a start that waits holds up neither state, exec, kill nor delete" {
	service sleep=100
	manager
	notify create
	NOTIFY_SOCKET=$MANAGER timeout "${RT_TIMEOUT:-50}" "$RUNTIME" --root "$ROOT" start "$ID" 3>&- </dev/null &
	wait_for 10 status_is running
	rtq exec "$ID" true
	rtq kill "$ID" CONT
	rtq delete --force "$ID"
	wait $!
	nothing_left
}

@test "readiness: a manager that does not answer a barrier is waited for, 30 seconds" {
	is_masu || skip "others send none"
	service READY=1 sleep=100
	manager hold
	notify create
	local RT_TIMEOUT=$((90 * ${WAIT_FACTOR:-1})) began=${EPOCHREALTIME/[^0-9]/} took
	notify start
	took=$(((${EPOCHREALTIME/[^0-9]/} - began) / 1000))
	echo "$took ms"
	((took >= 30000 && took < 30000 + 25000 * ${WAIT_FACTOR:-1}))
	status_is running
}

@test "readiness: a manager that does not answer a barrier is waited for until it goes" {
	is_masu || skip "others send none"
	service READY=1 sleep=100
	manager hold
	notify create
	(notify start; echo done >"$BATS_TEST_TMPDIR/done") 3>&- &
	wait_for 10 grep -q BARRIER "$SEEN"
	[[ ! -e $BATS_TEST_TMPDIR/done ]]
	kill "$manager_pid" && manager_pid=
	wait $!
	[[ -e $BATS_TEST_TMPDIR/done ]]
}

@test "readiness: an abstract socket, and one that is not there" {
	MANAGER=@masu-test-$ID
	service READY=1
	manager
	notify run_detached
	texts | grep -q READY=1
	rtq delete --force "$ID"
	is_masu || return 0
	MANAGER=$BATS_TEST_TMPDIR/nobody fails "notify socket .*nobody.: No such file" notify run_detached
	MANAGER=vsock:2:1 fails "notify socket .vsock:2:1.: Address family not supported" notify run_detached
	nothing_left
}

@test "readiness: without a mount namespace, or when only start has the variable, it goes without" {
	is_masu || skip "others refuse"
	config 'del(.linux.namespaces[] | select(.type == "mount")) | del(.mounts, .linux.maskedPaths, .linux.readonlyPaths) | .process.args = ["sh", "-c", "echo ${NOTIFY_SOCKET:-none}"]'
	manager
	notify run_fg --no-pivot
	equals "$output" none
	config_args sleep 100
	create
	notify start
	status_is running
}

@test "readiness: with a user namespace, and an other user than root" {
	service READY=1 sleep=100
	config_patch '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings | .process.user = {uid: 1000, gid: 1000}'
	chmod 755 "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR"
	manager
	notify run_detached
	texts | grep -q READY=1
}

@test "readiness: exec is not told of the socket" {
	service READY=1 sleep=100
	manager
	notify run_detached
	equals "$(notify rt exec "$ID" sh -c 'echo "${NOTIFY_SOCKET:-none}"' </dev/null)" none
}
