#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# update: what is given changes in the cgroup's files, the rest stays.
load ../lib/helpers
setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

# The cgroup's file in the hierarchy that has it: v1 names first, then that of v2.
limit() { # CONTROLLER V1-FILE V2-FILE
	local f
	for f in "/sys/fs/cgroup/$1/$ID/$2" "/sys/fs/cgroup/unified/$ID/$3" "/sys/fs/cgroup/$ID/$3"; do
		[[ ! -e $f ]] || { tr '\n' ' ' <"$f" | sed 's/ $//'; return; }
	done
	echo "no $1"
}
is_v1() { [[ -e /sys/fs/cgroup/$1/$ID ]]; }
pids() { limit pids pids.max pids.max; }
memory() { limit memory memory.limit_in_bytes memory.max; }

@test "flags: pids and memory, everything else stays" {
	config '.linux.resources.pids.limit = 100 | .linux.resources.cpu.shares = 512'
	run_detached
	local shares
	shares=$(limit cpu cpu.shares cpu.weight)
	rtq update --pids-limit 50 "$ID"
	equals "$(pids)" 50
	rtq update --memory 64m --memory-reservation 32m "$ID"
	equals "$(memory)" 67108864
	equals "$(limit memory memory.soft_limit_in_bytes memory.low)" 33554432
	equals "$(pids)" 50
	equals "$(limit cpu cpu.shares cpu.weight)" "$shares"
	rtq update --pids-limit -1 "$ID"
	equals "$(pids)" max
	status_is running
}

@test "flags: memory with swap, up, down and to no limit" {
	run_detached
	rtq update --memory 64m --memory-swap 96m "$ID"
	equals "$(memory)" 67108864
	is_v1 memory && equals "$(limit memory memory.memsw.limit_in_bytes -)" 100663296
	rtq update --memory 128M --memory-swap 256M "$ID"
	equals "$(memory)" 134217728
	rtq update --memory 32MB --memory-swap 32MB "$ID"
	equals "$(memory)" 33554432
	rtq update --memory-swap 48m "$ID"
	equals "$(memory)" 33554432
	fails 'swap|memsw|invalid' rtq update --memory 64m --memory-swap 32m "$ID"
	equals "$(memory)" 33554432
	rtq update --memory -1 "$ID"
	matches "$(memory)" '^(max|9223372036854771712)$'
	matches "$(limit memory memory.memsw.limit_in_bytes memory.swap.max)" '^(max|9223372036854771712)$'
}

@test "flags: cpu" {
	run_detached
	rtq update --cpu-period 50000 --cpu-quota 25000 --cpu-share 200 "$ID"
	if is_v1 cpu; then
		equals "$(limit cpu cpu.cfs_period_us -) $(limit cpu cpu.cfs_quota_us -)" "50000 25000"
		equals "$(limit cpu cpu.shares -)" 200
	else
		equals "$(limit cpu - cpu.max)" "25000 50000"
	fi
	rtq update --cpu-quota 30000 "$ID"
	is_v1 cpu || equals "$(limit cpu - cpu.max)" "30000 50000"
	! is_v1 cpu || equals "$(limit cpu cpu.cfs_quota_us -)" 30000
	rtq update --cpu-quota -1 "$ID"
	is_v1 cpu || equals "$(limit cpu - cpu.max)" "max 50000"
	! is_v1 cpu || equals "$(limit cpu cpu.cfs_quota_us -)" -1
}

@test "flags: burst and idle" {
	is_masu || skip "not every runtime has them"
	run_detached
	rtq update --cpu-quota 25000 --cpu-burst 10000 "$ID"
	equals "$(limit cpu cpu.cfs_burst_us cpu.max.burst)" 10000
	rtq update --cpu-idle 1 "$ID"
	equals "$(limit cpu cpu.idle cpu.idle)" 1
}

@test "flags: cpuset" {
	run_detached
	rtq update --cpuset-cpus 0 --cpuset-mems 0 "$ID"
	equals "$(limit cpuset cpuset.cpus cpuset.cpus)" 0
	equals "$(awk '/^Cpus_allowed_list/{print $2}' "/proc/$(state pid)/status")" 0
}

@test "resources from a file and from stdin" {
	run_detached
	echo '{"pids": {"limit": 33}, "memory": {"limit": 67108864}}' >"$BATS_TEST_TMPDIR/r.json"
	rtq update --resources "$BATS_TEST_TMPDIR/r.json" "$ID"
	equals "$(pids) $(memory)" "33 67108864"
	echo '{"pids": {"limit": 44}}' | rt update --resources=- "$ID"
	equals "$(pids) $(memory)" "44 67108864"
	echo '{"pids": {"limit": 45}}' | rt update -r - "$ID"
	equals "$(pids)" 45
}

@test "a document without device rules, or with none, changes none" {
	local what before=
	run_detached
	# Allowed nodes and one that is not: where there is no such driver, an allowed one would say ENXIO.
	mknod "$ROOTFS/tmp/n-$ID" c 10 229
	rules() { ! is_v1 devices || cat "/sys/fs/cgroup/devices/$ID/devices.list"; }
	before=$(rules)
	for what in '{}' '{"pids": {"limit": 44}}' '{"devices": []}'; do
		echo "$what" | rt update -r - "$ID"
		equals "$(rules)" "$before"
		rtq exec "$ID" sh -c 'echo >/dev/null && head -c 1 /dev/zero >/dev/null'
		fails 'Operation not permitted' rtq exec "$ID" cat "/tmp/n-$ID"
	done
	rm -f "$ROOTFS/tmp/n-$ID"
}

@test "new device rules: the nodes of the document may still be made" {
	config '.process.capabilities |= map_values(. + ["CAP_MKNOD"]) | .linux.devices = [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229}]'
	run_detached
	rtq exec "$ID" mknod "/tmp/n1-$ID" c 10 229
	echo '{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 5, "minor": 1, "access": "rw"}]}' | rt update -r - "$ID"
	rtq exec "$ID" mknod "/tmp/n2-$ID" c 10 229
	rm -f "$ROOTFS/tmp/"n[12]-"$ID"
}

@test "created and paused containers can be updated, stopped ones cannot" {
	config_args sh -c 'exit 0'
	create
	rtq update --pids-limit 21 "$ID"
	equals "$(pids)" 21
	start
	wait_for 5 status_is stopped
	! is_masu || fails 'container not running' rtq update --pids-limit 22 "$ID"
	rtq delete "$ID"
	config_args sleep 1000
	run_detached
	rtq pause "$ID"
	rtq update --pids-limit 23 "$ID"
	equals "$(pids)" 23
	status_is paused
	rtq resume "$ID"
}

@test "the limit holds for what runs" {
	config '.process.args = ["sleep", "1000"] | .linux.resources.pids.limit = 100'
	run_detached
	rtq update --pids-limit 2 "$ID"
	fails . rtq exec "$ID" sh -c 'sleep 1 & sleep 1 & sleep 1 & wait'
}

@test "MEM-27: a limit below what is in use is refused with checkBeforeUpdate" {
	config_args sh -c 'x=$(head -c 40000000 /dev/zero | tr "\\0" x); echo up >/tmp/up-$MASU_TEST_ID; sleep 1000; echo ${#x}'
	run_detached
	wait_for 20 test -s "$ROOTFS/tmp/up-$ID"
	# v1 may move the memory to swap, unless there is none to have
	echo '{"memory": {"limit": 209715200, "swap": 209715200}}' | rt update -r - "$ID"
	echo '{"memory": {"limit": 10485760, "swap": 10485760, "checkBeforeUpdate": true}}' >"$BATS_TEST_TMPDIR/r.json"
	fails 'in use|busy|memory' rtq update -r "$BATS_TEST_TMPDIR/r.json" "$ID"
	status_is running
	equals "$(memory)" 209715200
}

@test "what cannot be is an error with its place" {
	is_masu || skip "others differ"
	run_detached
	local before
	before=$(pids)
	echo '{"pids": {"limit": "5"}}' >"$BATS_TEST_TMPDIR/r.json"
	fails 'pids/limit' rtq update -r "$BATS_TEST_TMPDIR/r.json" "$ID"
	echo '{"memory": {"swappiness": 101}, "pids": {"limit": 3}}' >"$BATS_TEST_TMPDIR/r.json"
	fails 'memory/swappiness' rtq update -r "$BATS_TEST_TMPDIR/r.json" "$ID"
	echo '[]' >"$BATS_TEST_TMPDIR/r.json"
	fails 'object' rtq update -r "$BATS_TEST_TMPDIR/r.json" "$ID"
	: >"$BATS_TEST_TMPDIR/r.json"
	fails . rtq update -r "$BATS_TEST_TMPDIR/r.json" "$ID"
	fails 'no such file' rtq update -r "$BATS_TEST_TMPDIR/none.json" "$ID"
	fails 'blockIO/weight' rtq update --blkio-weight 5 "$ID"
	equals "$(pids)" "$before"
}

# No machine at hand has resctrl: a directory plays the class, and the state file names it.
@test "flags: the schemata of the class of service" {
	is_masu || skip "others look for resctrl"
	run_detached
	local class=$BATS_TEST_TMPDIR/class s=$ROOT/$ID/state.json before
	mkdir "$class"
	printf '    L3:0=7ff\n    MB:0=100\n' >"$class/schemata"
	jq --arg g "$class" 'del(.checksum) + {rdtGroup: $g, rdtMonitor: "", rdtOwn: false}' "$s" >"$s.new" && mv "$s.new" "$s"
	rtq update --mem-bw-schema MB:0=20 "$ID"
	equals "$(head -n 1 "$class/schemata")" MB:0=20
	printf '    L3:0=7ff\n    MB:0=100\n' >"$class/schemata"
	rtq update --l3-cache-schema L3:0=f --pids-limit 77 "$ID"
	equals "$(head -n 1 "$class/schemata")" L3:0=f
	equals "$(pids)" 77
	printf '    L3:0=7ff\n    MB:0=100\n' >"$class/schemata"
	fails 'no such resource' rtq update --l3-cache-schema L2:0=f "$ID"
	fails 4095 rtq update --l3-cache-schema L3:0=f --cpuset-cpus 4095 "$ID"
	equals "$(head -n 1 "$class/schemata")" L3:0=7ff
	mkdir "$class/info"
	fails 'whole machine' rtq update --l3-cache-schema L3:0=f "$ID"
	status_is running
}

@test "the command line is checked" {
	is_masu || skip "others differ"
	run_detached
	fails 'expected a limit' rtq update "$ID"
	fails 'exclude' rtq update -r - --pids-limit 4 "$ID"
	fails 'memory.*expected a size' rtq update --memory 12q "$ID"
	fails 'pids-limit.*expected a number' rtq update --pids-limit 4k "$ID"
	fails 'no class of service' rtq update --l3-cache-schema L3:0=f "$ID"
	fails 'must start with `MB:`' rtq update --mem-bw-schema L3:0=f "$ID"
	fails 'line break' rtq update --l3-cache-schema $'L3:0=f\nMB:0=10' "$ID"
	fails 'missing container id' rtq update --pids-limit 4
	fails 'flag needs an argument' rtq update "$ID" --resources
}
