#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ps: the processes of a container, as JSON and as the host's ps shows them.
load ../lib/helpers
setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

three() {
	config_args sh -c 'sleep 1001 & sleep 1002 & wait'
	run_detached
	wait_for 5 eval '(($(processes_of_test | grep -cE "^[0-9]+ sleep 100[12]") == 2))'
}

@test "json: every process, by its number on the host" {
	three
	rtq ps --format json "$ID"
	equals "$(jq -c sort "$OUT")" "$(cat /sys/fs/cgroup/{pids/,unified/,}"$ID/cgroup.procs" 2>/dev/null | jq -sc unique)"
	! is_masu || equals "$(cat "$OUT")" "$(jq -c sort "$OUT")"
	equals "$(jq length "$OUT")" 3
	jq -e --argjson pid "$(state pid)" 'index($pid) != null' "$OUT"
}

@test "json: processes of sub-cgroups and of exec" {
	config_args sleep 1000
	run_detached
	rtq exec --detach "$ID" sleep 1003
	rtq ps -f json "$ID"
	equals "$(jq length "$OUT")" 2
}

@test "json: nobody in a stopped container" {
	is_masu || skip "others differ"
	config_args true
	create
	start
	wait_for 5 status_is stopped
	rtq ps --format=json "$ID"
	equals "$(cat "$OUT")" '[]'
}

@test "table: the heading of ps and one line for each process" {
	needs ps
	three
	rtq ps "$ID"
	equals "$(wc -l <"$OUT")" 4
	head -n 1 "$OUT" | grep -qw PID
	grep -q 'sleep 1001' "$OUT"
	grep -q 'sleep 1002' "$OUT"
	refute grep -q bats "$OUT"
}

@test "table: what follows the id is for ps" {
	is_masu || skip "others differ"
	needs ps
	three
	rtq ps "$ID" -e -o pid,args
	matches "$(head -n 1 "$OUT")" '^ *PID COMMAND$'
	equals "$(wc -l <"$OUT")" 4
	rtq ps --format table "$ID" aux
	matches "$(head -n 1 "$OUT")" '^USER +PID'
	fails "couldn't find PID field in ps output" rtq ps "$ID" -e -o args
	fails . rtq ps "$ID" --no-such-option
}

@test "a format that does not exist" {
	config_args sleep 1000
	run_detached
	fails . rtq ps --format xml "$ID"
}
