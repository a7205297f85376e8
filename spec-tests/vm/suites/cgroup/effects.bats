#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What limits do, on cgroup v2.
load common
setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

@test "memory: more than the limit is killed, and counted" {
	config '.process.args = ["sh", "-c", "tail -c 60000000 /dev/zero; echo $? >/tmp/code-$MASU_TEST_ID; sleep 1000"]
		| .linux.resources.memory = {"limit": 20971520, "swap": 20971520}'
	run_detached
	wait_for 30 test -s "$ROOTFS/tmp/code-$ID"
	equals "$(cat "$ROOTFS/tmp/code-$ID")" 137
	equals "$(counter memory.events oom_kill)" 1
	delete
}

@test "memory: the exit code of a container that was killed so" {
	config '.process.args = ["tail", "-c", "60000000", "/dev/zero"] | .linux.resources.memory = {"limit": 20971520, "swap": 20971520}'
	run_fg
	equals "$status" 137
}

@test "memory: oom.group kills all at once" {
	config '.process.args = ["sh", "-c", "sleep 1000 & tail -c 60000000 /dev/zero; sleep 1000"]
		| .linux.resources += {"memory": {"limit": 20971520, "swap": 20971520}, "unified": {"memory.oom.group": "1"}}'
	run_fg
	equals "$status" 137
}

@test "events: memory ran out; pressure is told" {
	is_masu || skip "not every runtime tells pressure"
	oom_when_followed
	delete
	run_detached
	rtq events --stats "$ID"
	if [[ -e $(CGROUP)/memory.pressure ]] && cat "$(CGROUP)/memory.pressure"; then
		jq -e '[.data.cpu.psi, .data.memory.psi, .data.blkio.psi] | all(has("some") and (.some | has("avg10", "total")))' "$OUT"
	fi
	delete
}

@test "pids: fork fails at the limit, and is counted" {
	config '.process.args = ["sh", "-c", "for i in 1 2 3 4 5 6 7 8; do sleep 100 & done; wait"] | .linux.resources.pids.limit = 5'
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >"$OUT" 2>"$ERR"
	wait_for 20 eval '(($(counter pids.events max) > 0))'
	(($(cat "$(CGROUP)/pids.current") <= 5))
	delete
}

@test "cpu: half a CPU is half a CPU" {
	config '.process.args = ["sh", "-c", "while :; do :; done"] | .linux.resources.cpu = {"quota": 50000, "period": 100000}'
	run_detached
	sleep 1
	local used0 time0 used time percent
	used0=$(counter cpu.stat usage_usec) time0=$(now_us)
	sleep 6
	used=$(($(counter cpu.stat usage_usec) - used0)) time=$(($(now_us) - time0))
	percent=$((used * 100 / time))
	echo "$used us in $time us: $percent %"
	((percent >= 40 && percent <= 60))
	(($(counter cpu.stat nr_throttled) > 10))
	delete
}

@test "cpu: shares against each other, on the same CPU" {
	config '.process.args = ["sh", "-c", "(while :; do :; done) & while :; do :; done"] | .linux.resources.cpu = {"cpus": "1", "shares": 3072}'
	run_detached
	local big=$ID small=${ID}b
	config ".linux.cgroupsPath = \"/$small\" | .process.args = [\"sh\", \"-c\", \"while :; do :; done\"] | .linux.resources.cpu = {\"cpus\": \"1\", \"shares\": 1024}"
	rtq run --detach --bundle "$BUNDLE" "$small"
	sleep 1
	local a0 b0 a b weights
	usage() { awk '$1 == "usage_usec" { print $2 }' "/sys/fs/cgroup/$1/cpu.stat"; }
	a0=$(usage "$big") b0=$(usage "$small")
	sleep 6
	a=$(($(usage "$big") - a0)) b=$(($(usage "$small") - b0))
	weights="$(cat "/sys/fs/cgroup/$big/cpu.weight") to $(cat "/sys/fs/cgroup/$small/cpu.weight")"
	echo "$a us to $b us, weights $weights"
	# weights 240 and 100
	((a * 10 > b * 18 && a * 10 < b * 32))
	rtq delete --force "$small"
	delete
}

@test "io: a throttled disk is slow" {
	local d took
	d=$(disk)
	config ".process.args = [\"sh\", \"-c\", \"time -p dd if=/dev/zero of=/tmp/$ID bs=1M count=4 oflag=direct 2>&1\"]
		| .linux.resources.blockIO.throttleWriteBpsDevice = [{\"major\": ${d%:*}, \"minor\": ${d#*:}, \"rate\": 1048576}]"
	run_fg
	rm -f "$ROOTFS/tmp/$ID"
	equals "$status" 0
	took=$(sed -n 's/^real \([0-9]*\)\..*/\1/p' <<<"$output$errors")
	((took >= 3))
}

@test "freezer: a paused container does nothing, a resumed one goes on" {
	config '.process.args = ["sh", "-c", "while :; do echo >>/tmp/beat-$MASU_TEST_ID; sleep 0.1; done"]'
	run_detached
	wait_for 20 test -s "$ROOTFS/tmp/beat-$ID"
	rtq pause "$ID"
	equals "$(counter cgroup.events frozen)" 1
	status_is paused
	local before
	before=$(stat -c %s "$ROOTFS/tmp/beat-$ID")
	sleep 2
	equals "$(stat -c %s "$ROOTFS/tmp/beat-$ID")" "$before"
	rtq resume "$ID"
	equals "$(counter cgroup.events frozen)" 0
	wait_for 20 eval '(($(stat -c %s "$ROOTFS/tmp/beat-$ID") > before))'
	delete
}

@test "kill: everything in the cgroup, frozen or not" {
	config 'del(.linux.namespaces[] | select(.type == "pid")) | .process.args = ["sh", "-c", "sleep 1000 & setsid sleep 1000 & sleep 1000"]'
	run_detached
	# the shell becomes the last of them
	wait_for 20 eval '(($(wc -l <"$(CGROUP)/cgroup.procs") == 3))'
	rtq pause "$ID"
	delete
	[[ ! -e $(CGROUP) ]]
}
