#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# events: statistics and reports of memory that ran out, as lines of JSON.
load ../lib/helpers
setup_file() { common_setup_file; }
setup() {
	common_setup
	[[ $(basename "$RUNTIME") != crun* ]] || skip "crun has no events"
}
teardown() { common_teardown; }

# Follows the containers in the background: events go to $OUT, follower is the process.
follow() { # OPTIONS... IDS...
	rt events "$@" </dev/null >"$OUT" 2>"$ERR" &
	follower=$!
}

@test "--stats: one object with the shape that callers know" {
	config '.linux.resources = {"pids": {"limit": 77}, "memory": {"limit": 67108864}}'
	run_detached
	rtq events --stats "$ID"
	equals "$(wc -l <"$OUT")" 1
	jq -e --arg id "$ID" '.type == "stats" and .id == $id
		and (.data.cpu.usage | .total > 0 and (.kernel | type) == "number" and (.user | type) == "number")
		and (.data.cpu | has("throttling"))
		and .data.memory.usage.limit == 67108864 and .data.memory.usage.usage > 0
		and (.data.memory.raw | length > 5) and (.data.memory | has("cache", "swap", "kernel", "kernelTCP"))
		and .data.pids.limit == 77 and .data.pids.current == 1
		and (.data.blkio | type) == "object" and (.data.hugetlb | type) == "object"
		and (.data.cpuset | has("cpu_exclusive", "sched_relax_domain_level"))' "$OUT"
}

@test "--stats: what was used is counted" {
	config_args sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo >/tmp/up-$MASU_TEST_ID; sleep 1000'
	run_detached
	wait_for 20 test -s "$ROOTFS/tmp/up-$ID"
	rtq events --stats "$ID"
	jq -e '.data.cpu.usage.total > 20000000 and .data.cpu.usage.total >= .data.cpu.usage.user' "$OUT"
	if [[ -e /sys/fs/cgroup/cpuacct/$ID/cpuacct.usage ]]; then
		local now
		now=$(cat "/sys/fs/cgroup/cpuacct/$ID/cpuacct.usage")
		jq -e --argjson now "$now" '.data.cpu.usage.total <= $now and (.data.cpu.usage.percpu | add) == .data.cpu.usage.total' "$OUT"
	fi
}

@test "statistics at intervals until the container ends" {
	is_masu || skip "others go on until it is deleted"
	run_detached
	follow --interval 100ms "$ID"
	wait_for 10 eval '(($(wc -l <"$OUT") >= 3))'
	rt kill "$ID" KILL </dev/null
	wait_for 10 refute kill -0 $follower
	wait $follower
	equals "$(jq -r .type "$OUT" | sort -u)" stats
	equals "$(jq -r .id "$OUT" | sort -u)" "$ID"
}

@test "oom: told, and before the end" {
	is_masu || skip "others go on until it is deleted"
	oom_when_followed
}

@test "several containers, and all that run" {
	is_masu || skip "others take one id"
	run_detached
	config ".linux.cgroupsPath = \"/$ID.2\""
	rtq run --detach --bundle "$BUNDLE" "$ID.2"
	config ".linux.cgroupsPath = \"/$ID.3\""
	rtq create --bundle "$BUNDLE" "$ID.3"
	rtq events --stats "$ID" "$ID.2"
	equals "$(jq -r .id "$OUT" | xargs)" "$ID $ID.2"
	rtq events --stats --all
	equals "$(jq -r .id "$OUT" | sort | xargs)" "$ID $ID.2"
	follow --interval 5m "$ID" "$ID.2"
	wait_for 10 eval '(($(wc -l <"$OUT") == 2))'
	rt kill "$ID" KILL </dev/null
	sleep 0.2
	kill -0 $follower
	rt kill "$ID.2" KILL </dev/null
	wait_for 10 refute kill -0 $follower
	wait $follower
	for i in 1 2 3; do
		local id=$ID
		((i == 1)) || id=$ID.$i
		rtq delete --force "$id"
	done
	rtq events --stats --all
	equals "$(cat "$OUT")" ""
}

@test "a stopped container" {
	config_args true
	create
	start
	wait_for 5 status_is stopped
	fails 'not running' rtq events --stats "$ID"
	fails 'not running' rtq events "$ID"
}

@test "the command line is checked" {
	is_masu || skip "others differ"
	fails 'missing container id' rtq events
	fails 'exclude' rtq events --all "$ID"
	local t
	for t in 0s 5x -1s 9999h 100us; do
		fails 'interval.*expected a time' rtq events --interval "$t" "$ID"
	done
}

@test "a reader that leaves ends it" {
	run_detached
	rt events --interval 10ms "$ID" </dev/null 2>/dev/null | head -n 2 >"$OUT"
	equals "$(jq -s length "$OUT")" 2
}
