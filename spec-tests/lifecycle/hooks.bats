#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The six kinds of hooks: order, namespaces, state on stdin, environment, time-out, and what a failure does.
load ../lib/helpers
setup_file() { common_setup_file; }
setup() {
	common_setup
	LOG=$BATS_TEST_TMPDIR/hooks
	mkdir "$LOG"
	chmod 777 "$LOG"
	HOST_HOOK=$BATS_TEST_TMPDIR/hook
	cat >"$HOST_HOOK" <<-SH
		#!/bin/bash
		# hook NAME [COMMAND]: notes its name, keeps the state document
		cat >"$LOG/\$1.state"
		echo "\$1" >>"$LOG/order"
		env >"$LOG/\$1.env"
		pwd >"$LOG/\$1.cwd"
		ls /proc/\$\$/fd >"$LOG/\$1.fds"
		readlink /proc/self/ns/mnt >"$LOG/\$1.mnt"
		eval "\${2:-}"
	SH
	chmod 755 "$HOST_HOOK"
}
teardown() { common_teardown; }

# NAME [COMMAND]: a hook in the runtime's namespace
host_hook() { jq -nc --arg p "$HOST_HOOK" --arg n "$1" --arg c "${2:-}" '{path: $p, args: ["hook", $n, $c], env: ["HOOK=\($n)", "PATH=/usr/bin:/bin"]}'; }
# NAME [COMMAND]: one that runs in the container; it writes to a bind mount of the log directory
inner_hook() { jq -nc --arg n "$1" --arg c "${2:-}" '{path: "/bin/sh", args: ["sh", "-c", "cat >/log/\($n).state; echo \($n) >>/log/order; hostname >/log/\($n).host; readlink /proc/self/ns/mnt >/log/\($n).mnt; env >/log/\($n).env; \($c)"], env: ["HOOK=\($n)", "PATH=/bin"]}'; }
all_hooks() {
	config '.annotations = {"a": "b"} | .mounts += [{"destination": "/log", "type": "bind", "source": $log, "options": ["bind"]}]
		| .process.args = ["sh", "-c", "echo program >>/log/order"]
		| .hooks = {prestart: [$a], createRuntime: [$b], createContainer: [$c], startContainer: [$d], poststart: [$e], poststop: [$f]}' \
		--arg log "$LOG" --argjson a "$(host_hook prestart)" --argjson b "$(host_hook createRuntime)" --argjson c "$(host_hook createContainer)" \
		--argjson d "$(inner_hook startContainer)" --argjson e "$(host_hook poststart)" --argjson f "$(host_hook poststop)"
}

@test "order and moment of all six" {
	all_hooks
	create
	equals "$(tr '\n' ' ' <"$LOG/order")" "prestart createRuntime createContainer "
	start
	wait_for 5 status_is stopped
	rtq delete "$ID"
	# the program and poststart run side by side
	equals "$(grep -v program "$LOG/order" | tr '\n' ' ')" "prestart createRuntime createContainer startContainer poststart poststop "
	equals "$(sed -n 4,6p "$LOG/order" | grep -c 'startContainer\|program\|poststart')" 3
	equals "$(sed -n 4p "$LOG/order")" startContainer
	[[ $(grep -n program "$LOG/order" | cut -d: -f1) -gt 4 ]]
}

@test "state on stdin: id, bundle, status, pid, annotations" {
	all_hooks
	create
	local pid h want
	pid=$(state pid)
	start
	wait_for 5 status_is stopped
	rtq delete "$ID"
	for h in prestart createRuntime createContainer startContainer poststart poststop; do
		jq -e --arg id "$ID" --arg b "$(realpath "$BUNDLE")" '.id == $id and .bundle == $b and .annotations == {"a": "b"} and (.ociVersion | startswith("1."))' "$LOG/$h.state" || { echo "$h: $(cat "$LOG/$h.state")"; false; }
		case $h in
		prestart | createRuntime | createContainer) want='creating' ;;
		startContainer) want='created' ;;
		poststart) want='running|stopped' ;;
		poststop) want='stopped' ;;
		esac
		matches "$(jq -r .status "$LOG/$h.state")" "^($want)$"
	done
	equals "$(jq .pid "$LOG/prestart.state")" "$pid"
	equals "$(jq .pid "$LOG/createRuntime.state")" "$pid"
	equals "$(jq .pid "$LOG/poststart.state")" "$pid"
	# as seen inside
	equals "$(jq .pid "$LOG/startContainer.state")" 1
}

@test "environment is exactly the hook's own; cwd; descriptors" {
	all_hooks
	SECRET=1 create
	start
	wait_for 5 status_is stopped
	rtq delete "$ID"
	local h
	for h in prestart createRuntime createContainer poststart poststop startContainer; do
		grep -qx "HOOK=$h" "$LOG/$h.env"
		refute grep -qE '^(SECRET|MASU_TEST_ID|BATS)' "$LOG/$h.env"
	done
	for h in prestart createRuntime poststart poststop; do
		equals "$(cat "$LOG/$h.cwd")" "$(realpath "$BUNDLE")"
		equals "$(tr '\n' ' ' <"$LOG/$h.fds")" "0 1 2 255 "
	done
}

@test "namespaces: runtime's, container's" {
	all_hooks
	create
	start
	wait_for 5 status_is stopped
	rtq delete "$ID"
	local h host
	host=$(readlink /proc/self/ns/mnt)
	for h in prestart createRuntime poststart poststop; do equals "$(cat "$LOG/$h.mnt")" "$host"; done
	for h in createContainer startContainer; do [[ $(cat "$LOG/$h.mnt") != "$host" ]]; done
	equals "$(cat "$LOG/createContainer.mnt")" "$(cat "$LOG/startContainer.mnt")"
	equals "$(cat "$LOG/startContainer.host")" box
}

@test "a failing create hook: error, no container, poststop runs" {
	local h
	for h in prestart createRuntime createContainer; do
		rm -f "$LOG/order"
		config '.hooks = {($h): [$bad, $next], poststop: [$f]}' --arg h $h --argjson bad "$(host_hook "$h" 'exit 3')" --argjson next "$(host_hook next)" --argjson f "$(host_hook poststop)"
		fails 'hook|exit' create
		equals "$(tr '\n' ' ' <"$LOG/order")" "$h poststop "
		fails . rt state "$ID"
		nothing_left
	done
}

@test "a failing startContainer hook: start fails, the program does not run, destroyed" {
	config '.mounts += [{"destination": "/log", "type": "bind", "source": $log, "options": ["bind"]}] | .process.args = ["sh", "-c", "echo program >>/log/order"]
		| .hooks = {startContainer: [$bad], poststop: [$f]}' --arg log "$LOG" --argjson bad "$(inner_hook startContainer 'exit 3')" --argjson f "$(host_hook poststop)"
	create
	fails 'hook|exit' start
	equals "$(tr '\n' ' ' <"$LOG/order")" "startContainer poststop "
	nothing_left
}

@test "a failing poststart hook: start fails, destroyed" {
	config '.hooks = {poststart: [$bad], poststop: [$f]}' --argjson bad "$(host_hook poststart 'exit 3')" --argjson f "$(host_hook poststop)"
	create
	fails 'hook|exit' start
	equals "$(tr '\n' ' ' <"$LOG/order")" "poststart poststop "
	nothing_left
}

@test "a hook that ends with more than 128, by a signal, or is no program" {
	is_masu || skip "others have other words"
	config '.hooks = {createRuntime: [$bad]}' --argjson bad "$(host_hook createRuntime 'exit 200')"
	fails 'createRuntime hook .*: exit code 200$' create
	config '.hooks = {createRuntime: [$bad]}' --argjson bad "$(host_hook createRuntime 'kill -TERM $$')"
	fails 'createRuntime hook .*: killed by signal 15$' create
	config '.hooks = {createRuntime: [{"path": $p}]}' --arg p "$BATS_TEST_TMPDIR/none"
	fails "run createRuntime hook: execute .$BATS_TEST_TMPDIR/none.: No such file" create
	config '.hooks = {createContainer: [{"path": $p}]}' --arg p "$BATS_TEST_TMPDIR/none"
	fails "run createContainer hook: execute .$BATS_TEST_TMPDIR/none.: No such file" create
	nothing_left
}

@test "a failing poststop hook: a warning, the others run" {
	config '.hooks = {poststop: [$bad, $f]}' --argjson bad "$(host_hook first 'exit 3')" --argjson f "$(host_hook second)"
	create
	rtq delete --force "$ID"
	equals "$(tr '\n' ' ' <"$LOG/order")" "first second "
	nothing_left
}

@test "timeout: the hook is killed and counts as failed" {
	config '.hooks = {createRuntime: [$slow + {"timeout": 1}]}' --argjson slow "$(host_hook createRuntime 'sleep 50')"
	local before=$SECONDS
	fails 'time|hook' create
	((SECONDS - before < 10))
	nothing_left
	equals "$(pgrep -f "$HOST_HOOK" || true)" ""
}

@test "a hook that does not read its stdin is no error" {
	config '.hooks = {createRuntime: [{"path": "/bin/true"}], poststop: [{"path": "/bin/true"}]} | .annotations = {"big": $big}' --arg big "$(printf 'x%.0s' {1..60000})"
	create
	start
	rtq delete --force "$ID"
}

@test "a hook's own words reach the error or the log" {
	config '.hooks = {createRuntime: [$bad]}' --argjson bad "$(host_hook createRuntime 'echo because of reasons >&2; exit 3')"
	fails 'exit.*3|status 3|code 3' create
}

@test "a hook that is not there or not executable: an error" {
	config '.hooks = {createRuntime: [{"path": "/no/such/hook"}]}'
	fails 'no such file' create
	nothing_left
	config '.hooks = {createRuntime: [{"path": "/etc/passwd"}]}'
	fails 'permission denied' create
	nothing_left
}

@test "createRuntime hooks can reach the container's namespaces by pid" {
	config '.hooks = {createRuntime: [$a]} | .process.args = ["cat", "/proc/sys/kernel/hostname"]' --argjson a "$(host_hook createRuntime 'pid=$(jq .pid <'"$LOG"'/createRuntime.state); nsenter --net=/proc/$pid/ns/net ip link set lo up 2>/dev/null || nsenter --net=/proc/$pid/ns/net true')"
	run_fg
	equals "$status $output" "0 box"
}

@test "run: after a failed poststart hook the id is free, and who takes it keeps it" {
	config '.hooks = {poststart: [$bad], poststop: [$f]}' --argjson bad "$(host_hook poststart 'exit 3')" --argjson f "$(host_hook poststop 'sleep 2')"
	cp -r "$BUNDLE" "$BUNDLE-2"
	jq 'del(.hooks)' "$BUNDLE/config.json" >"$BUNDLE-2/config.json"
	timeout -k 5 "${RT_TIMEOUT:-30}" "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null >"$OUT" 2>"$ERR" 3>&- &
	local pid=$! code=0
	wait_for 10 grep -qs poststop "$LOG/order"
	rt create --bundle "$BUNDLE-2" "$ID" </dev/null 3>&-
	wait "$pid" || code=$?
	cat "$ERR"
	[[ $code != 0 && $code != 124 ]]
	equals "$(tr '\n' ' ' <"$LOG/order")" "poststart poststop "
	refute grep -q 'are not known' "$ERR"
	status_is created
	rt delete --force "$ID"
	nothing_left
}
