#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# pause and resume: the container stands still, says so, and goes on.
load ../lib/helpers
setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

ticker() { config_args sh -c 'while :; do echo >>/tmp/ticks-$MASU_TEST_ID; usleep 10000; done'; }
ticks() { wc -l <"$ROOTFS/tmp/ticks-$ID"; }

@test "pause stops every process, resume lets them go on" {
	ticker
	run_detached
	wait_for 5 test -s "$ROOTFS/tmp/ticks-$ID"
	rtq pause "$ID"
	status_is paused
	local before
	before=$(ticks)
	sleep 0.3
	equals "$(ticks)" "$before"
	rtq resume "$ID"
	status_is running
	wait_for 5 eval '(($(ticks) > before))'
}

@test "pause of a paused, resume of a running container" {
	run_detached
	fails 'not paused' rtq resume "$ID"
	rtq pause "$ID"
	! is_masu || fails 'container paused' rtq pause "$ID"
	status_is paused
	rtq resume "$ID"
	fails 'not paused' rtq resume "$ID"
	status_is running
}

@test "pause and resume of a stopped container" {
	config_args true
	create
	start
	wait_for 5 status_is stopped
	fails 'not running' rtq pause "$ID"
	fails 'not paused|not running' rtq resume "$ID"
}

@test "a container that waits for its start is not paused" {
	is_masu || skip "others pause it"
	create
	fails 'container not running.*created' rtq pause "$ID"
	start
	status_is running
}

@test "pause, resume, ps, update, events of a container that does not exist" {
	local c
	for c in pause resume ps update events; do
		[[ $c != update ]] || set -- --pids-limit 5
		fails 'does not exist|no such file' rtq "$c" "$@" "no$ID"
		set --
	done
}

@test "exec in a paused container is refused, kill and delete --force reach it" {
	run_detached
	rtq pause "$ID"
	fails 'paused' rtq exec "$ID" true
	rtq kill "$ID" KILL
	wait_for 5 status_is stopped
	rtq delete "$ID"
	nothing_left
	run_detached
	rtq pause "$ID"
	rtq delete --force "$ID"
	nothing_left
}
