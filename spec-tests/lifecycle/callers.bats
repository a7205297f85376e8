#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What engines read of a runtime and rely on, caller by caller: go-runc and containerd, conmon and podman, CRI-O, moby, buildah.
load ../lib/helpers
setup_file() { common_setup_file; }
setup() {
	common_setup
	LOG=$BATS_TEST_TMPDIR/log.json
}
teardown() { common_teardown; }

# ARGS...: as engines call it; it has to fail.
call() { rtq --log "$LOG" --log-format json "$@"; }
rfc3339='^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$'
# The one object of a call that failed: its text.
one_object() {
	cat "$LOG"
	[[ $(wc -l <"$LOG") == 1 ]]
	jq -se --arg re "$rfc3339" 'length == 1 and (.[0] | .level == "error" and (.msg | length > 0) and (.time | test($re)))' "$LOG" >/dev/null
	msg=$(jq -r .msg "$LOG")
	rm "$LOG"
}

@test "podman: every failing call writes exactly one JSON object, and the text to stderr" {
	local args
	config_args sleep 100
	create
	config_args sleep 100
	config_patch '.linux.cgroupsPath += "-b"'
	rtq create --bundle "$BUNDLE" "$ID-b"
	rtq kill "$ID-b" KILL
	wait_for 5 eval '[[ $(state status $ID-b) == stopped ]]'
	for args in "create --bundle $BUNDLE $ID" "create --bundle /nowhere $ID-c" "create --frob x" "run --bundle /nowhere $ID-c" \
		"start nobody" "start $ID-b" "state nobody" "kill nobody 9" "kill $ID-b TERM" "kill $ID FROB" "delete nobody" "exec nobody true" "exec $ID-b true" \
		"exec $ID /no/such" "pause nobody" "pause $ID-b" "resume $ID" "update --memory x $ID" "update --memory 1g nobody" \
		"ps nobody" "events --stats nobody" "events --stats $ID-b" "list --format xml" "frob"; do
		echo "== $args"
		# shellcheck disable=SC2086
		fails . call $args
		is_masu || continue
		one_object
		equals "$(<"$ERR")" "$msg"
	done
	rtq delete --force "$ID-b"
}

@test "containerd: warnings of a call that works leave the log alone at the default level" {
	is_masu || skip "others warn in the log"
	config_args true
	config_patch '.process.capabilities.bounding += ["CAP_NO_SUCH"]'
	rtq --log "$LOG" --log-format json create --bundle "$BUNDLE" "$ID"
	[[ ! -s $LOG ]]
	rtq delete --force "$ID"
	rtq --log "$LOG" --log-format json --log-level warning create --bundle "$BUNDLE" "$ID"
	jq -se 'length >= 1 and all(.level == "warning")' "$LOG"
}

@test "podman, moby: 127 for a program that is not there, 126 for one that cannot be executed" {
	# podman, libpod/define: the expressions that its exit code is made by
	local not_found='executable file not found in|no such file or directory|open executable' denied='permission denied|operation not permitted'
	# moby, daemon/internal/libcontainerd
	local moby_not_found='executable file not found|no such file or directory|system cannot find the file specified|not a directory' moby_denied='permission denied|is a directory'
	touch "$ROOTFS/tmp/plain"
	for args in nosuch /no/such ./nosuch /bin/sh/x; do
		config_args "$args"
		fails . call create --bundle "$BUNDLE" "$ID"
		if is_masu; then one_object; else msg=$(<"$ERR"); fi
		echo "$args: $msg"
		[[ $args == /bin/sh/x ]] || grep -qiE "$not_found" <<<"$msg"
		grep -qiE "$moby_not_found" <<<"$msg"
		refute grep -qiE "$moby_denied" <<<"$msg"
		rm -f "$LOG"
	done
	config_args nosuch
	fails 'executable file .*not found in \$PATH' create
	for args in /tmp/plain /tmp; do
		config_args "$args"
		fails . call create --bundle "$BUNDLE" "$ID"
		if is_masu; then one_object; else msg=$(<"$ERR"); fi
		echo "$args: $msg"
		grep -qiE "$denied" <<<"$msg"
		grep -qiE "$moby_denied" <<<"$msg"
		rm -f "$LOG"
	done
	config_args sleep 100
	run_detached
	fails 'executable file .*not found in \$PATH' rtq exec "$ID" nosuch
	fails 'permission denied' rtq exec "$ID" /tmp/plain
	[[ $(basename "$RUNTIME") == crun ]] || equals "$status" 255
	rm "$ROOTFS/tmp/plain"
}

@test "containerd, CRI-O: words that say that there is no container or no process" {
	config_args true
	fails 'does not exist' rtq state nobody
	fails 'does not exist' rtq kill nobody 9
	fails 'does not exist|No such file' rtq delete nobody
	run_detached
	wait_for 5 status_is stopped
	fails 'os: process already finished|container not running|no such process' rtq kill "$ID" 9
}

@test "containerd: kill --all of what has stopped, delete --force of nothing" {
	config_args true
	run_detached
	wait_for 5 status_is stopped
	[[ $(basename "$RUNTIME") == crun ]] || rtq kill --all "$ID" 9
	rtq delete --force "$ID"
	rtq delete --force "$ID"
	rtq delete --force never-was
}

@test "go-runc: created is RFC 3339 in state and list, and the pid file a bare number" {
	config_args sleep 100
	create --pid-file "$BATS_TEST_TMPDIR/pid"
	rt state "$ID" </dev/null | jq -e --arg re "$rfc3339" '(.created | test($re)) and .rootfs and .bundle and .ociVersion and (.pid > 0) and .status == "created"'
	rt list --format json </dev/null | jq -e --arg re "$rfc3339" 'length == 1 and (.[0].created | test($re)) and .[0].owner == "root"'
	[[ $(<"$BATS_TEST_TMPDIR/pid") =~ ^[0-9]+$ ]]
	equals "$(stat -c %s "$BATS_TEST_TMPDIR/pid")" "$(state pid | tr -d '\n' | wc -c)"
}

@test "moby: 0 in resources is a limit that was not given" {
	is_masu || skip "masu's own check"
	[[ -d /sys/fs/cgroup/memory ]] || grep -qw memory /sys/fs/cgroup/cgroup.controllers || skip "needs the memory controller"
	config_args sleep 100
	config_patch '.linux.resources += {blockIO: {weight: 0}, memory: {limit: 67108864}, cpu: {shares: 0, quota: 50000, period: 100000}}'
	create
	limits() { cat /sys/fs/cgroup/{memory,cpu,}/"$ID"/{memory.limit_in_bytes,memory.max,cpu.cfs_quota_us,cpu.cfs_period_us,cpu.shares,cpu.max,cpu.weight} 2>/dev/null || true; }
	local before
	before=$(limits)
	[[ $before == *67108864* && $before == *50000* ]]
	echo '{"blockIO":{"weight":0},"cpu":{"shares":0,"quota":0,"period":0,"cpus":"","mems":"","realtimePeriod":0},"memory":{"limit":0,"reservation":0,"kernel":0,"swap":0}}' |
		rt update --resources - "$ID"
	equals "$(limits)" "$before"
}

@test "go-runc: empty values count as not given" {
	is_masu || skip "not promised by others"
	config_args sleep 100
	rtq --log "" --rootless "" create --bundle "$BUNDLE" --console-socket "" --pid-file "" --pidfd-socket "" "$ID"
	rtq exec --cwd "" --apparmor "" --process-label "" --console-socket "" "$ID" true
	rtq update --cpuset-cpus "" --memory "" --pids-limit 100 "$ID"
}

@test "CRI-O: probes for features, checkpoint and restore" {
	"$RUNTIME" features | jq -e '(.ociVersionMin | length > 0) and (.ociVersionMax | length > 0)
		and (.mountOptions | index("rro")) and .linux.mountExtensions.idmap.enabled'
	"$RUNTIME" checkpoint --help >"$OUT"
	[[ -s $OUT ]]
	fails 'flag needs an argument' "$RUNTIME" restore --lsm-mount-context
}

@test "moby: --version has a line with version and one with commit" {
	"$RUNTIME" --version >"$OUT"
	grep -q version "$OUT"
	grep -qE '^commit: .' "$OUT"
	# go-runc wants the name of the program that it thinks it calls
	is_masu || return 0
	ln -s "$RUNTIME" "$BATS_TEST_TMPDIR/runc"
	ln -s "$RUNTIME" "$BATS_TEST_TMPDIR/crun"
	"$BATS_TEST_TMPDIR/runc" --version >"$OUT"
	matches "$(sed -n 1p "$OUT")" '^runc version [0-9.]+'
	matches "$(sed -n 2p "$OUT")" '^commit: .'
	matches "$(sed -n 3p "$OUT")" '^spec: 1\.[0-9]+\.[0-9]+$'
	"$BATS_TEST_TMPDIR/crun" --version >"$OUT"
	matches "$(sed -n 1p "$OUT")" '^crun version [0-9.]+'
	grep -qx 'rundir: /.*' "$OUT"
	grep -qE '^(\+[A-Z_]+ ?)+$' "$OUT"
	"$BATS_TEST_TMPDIR/runc" --root "$ROOT" list -q
}

@test "conmon: a runtime that fails says why on stderr, without the log's form" {
	config_args nosuch
	fails . call create --bundle "$BUNDLE" "$ID"
	refute grep -q '^{' "$ERR"
	grep -q 'nosuch' "$ERR"
}

@test "buildah: state while it is polled is one of the four words" {
	config_args sleep 0.3
	create
	(for _ in 1 2 3 4 5 6 7 8; do state status; sleep 0.1; done) >"$BATS_TEST_TMPDIR/words" &
	start
	wait $!
	cat "$BATS_TEST_TMPDIR/words"
	refute grep -qvE '^(creating|created|running|stopped)$' "$BATS_TEST_TMPDIR/words"
	status_is stopped
	rtq kill "$ID" SIGKILL || true
	rtq delete "$ID"
}
