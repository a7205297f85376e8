#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Each limit of linux.resources is read back from the files of cgroup v2.
load common
setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

@test "the machine has every controller of cgroup v2 and nothing of v1" {
	equals "$(stat -fc %T /sys/fs/cgroup)" cgroup2fs
	local c
	for c in cpu cpuset hugetlb io memory misc pids rdma; do
		grep -qw "$c" /sys/fs/cgroup/cgroup.controllers
	done
}

@test "memory: limit, swap, reservation" {
	limited '{"memory": {"limit": 67108864, "swap": 100663296, "reservation": 33554432}}'
	file_is memory.max 67108864
	file_is memory.swap.max 33554432 # swap alone
	file_is memory.low 33554432
	delete
	limited '{"memory": {"limit": -1, "swap": -1}}'
	file_is memory.max max
	file_is memory.swap.max max
	delete
}

@test "memory: what v2 does not have is refused, what it does anyway is not" {
	refused /linux/resources/memory/swap '.linux.resources.memory = {"limit": 67108864, "swap": 33554432}'
	refused /linux/resources/memory/swap '.linux.resources.memory = {"swap": 33554432}'
	refused /linux/resources/memory/kernel '.linux.resources.memory = {"kernel": 33554432}'
	refused /linux/resources/memory/kernelTCP '.linux.resources.memory = {"kernelTCP": 33554432}'
	refused /linux/resources/memory/swappiness '.linux.resources.memory = {"swappiness": 60}'
	refused /linux/resources/memory/disableOOMKiller '.linux.resources.memory = {"disableOOMKiller": true}'
	limited '{"memory": {"kernel": -1, "kernelTCP": -1, "disableOOMKiller": false, "useHierarchy": true}}'
	file_is memory.max max
	delete
}

@test "cpu: shares, quota, period, burst, idle" {
	limited '{"cpu": {"shares": 512, "quota": 20000, "period": 50000, "burst": 10000}}'
	# 2..262144 becomes 1..10000, and 1024 the kernel's default of 100
	file_is cpu.weight 59
	file_is cpu.max "20000 50000"
	file_is cpu.max.burst 10000
	delete
	limited '{"cpu": {"quota": 30000}}'
	file_is cpu.max "30000 100000"
	delete
	limited '{"cpu": {"period": 30000}}'
	file_is cpu.max "max 30000"
	delete
	limited '{"cpu": {"quota": -1, "period": 40000, "shares": 262144}}'
	file_is cpu.max "max 40000"
	file_is cpu.weight 10000
	delete
	limited '{"cpu": {"shares": 2}}'
	file_is cpu.weight 1
	rtq update --cpu-share 1024 "$ID"
	file_is cpu.weight 100
	delete
	limited '{"cpu": {"idle": 1}}'
	file_is cpu.idle 1
	delete
}

@test "cpu: realtime has no files in v2" {
	refused /linux/resources/cpu/realtimeRuntime '.linux.resources.cpu = {"realtimeRuntime": 1000}'
	refused /linux/resources/cpu/realtimePeriod '.linux.resources.cpu = {"realtimePeriod": 100000}'
}

@test "cpuset: cpus and mems, in the cgroup and for its processes" {
	limited '{"cpu": {"cpus": "1", "mems": "0"}}'
	file_is cpuset.cpus 1
	file_is cpuset.cpus.effective 1
	file_is cpuset.mems 0
	equals "$(sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$(state pid)/status")" 1
	delete
	limited '{"cpu": {"cpus": "0-1"}}'
	file_is cpuset.cpus 0-1
	delete
	refused /linux/resources/cpu/cpus '.linux.resources.cpu = {"cpus": "7"}'
	refused /linux/resources/cpu/mems '.linux.resources.cpu = {"mems": "3"}'
}

@test "pids" {
	limited '{"pids": {"limit": 33}}'
	file_is pids.max 33
	delete
	limited '{"pids": {"limit": -1}}'
	file_is pids.max max
	delete
}

@test "hugetlb: reserved pages, each size" {
	limited '{"hugepageLimits": [{"pageSize": "2MB", "limit": 209715200}, {"pageSize": "1GB", "limit": 1073741824}]}'
	# Where the kernel counts reservations the limit is theirs: a refused one is an error, a refused page a SIGBUS.
	file_is hugetlb.2MB.rsvd.max 209715200
	file_is hugetlb.2MB.max max
	file_is hugetlb.1GB.rsvd.max 1073741824
	delete
	refused /linux/resources/hugepageLimits/0 '.linux.resources.hugepageLimits = [{"pageSize": "3MB", "limit": 1}]'
}

@test "io: throttles of one device in one line" {
	local d major minor
	d=$(disk)
	major=${d%:*} minor=${d#*:}
	limited "{\"blockIO\": {
		\"throttleReadBpsDevice\": [{\"major\": $major, \"minor\": $minor, \"rate\": 1048576}],
		\"throttleWriteBpsDevice\": [{\"major\": $major, \"minor\": $minor, \"rate\": 2097152}],
		\"throttleReadIOPSDevice\": [{\"major\": $major, \"minor\": $minor, \"rate\": 1000}],
		\"throttleWriteIOPSDevice\": [{\"major\": $major, \"minor\": $minor, \"rate\": 2000}]}}"
	file_is io.max "$d rbps=1048576 wbps=2097152 riops=1000 wiops=2000"
	delete
	refused /linux/resources/blockIO/throttleReadBpsDevice/0 \
		'.linux.resources.blockIO.throttleReadBpsDevice = [{"major": 250, "minor": 250, "rate": 1048576}]'
}

@test "io: weights" {
	[[ -e /sys/fs/cgroup/system.slice/io.weight ]] || skip "this kernel has neither iocost nor BFQ"
	local d
	d=$(disk)
	limited '{"blockIO": {"weight": 500}}'
	# 10..1000 becomes 1..10000, unless BFQ takes the number itself
	if [[ -e $(CGROUP)/io.bfq.weight ]]; then
		file_is io.bfq.weight "default 500"
	else
		file_is io.weight "default $((1 + (500 - 10) * 9999 / 990))"
	fi
	delete
	# the kernel keeps weights of a disk once iocost is on for it
	echo "$d enable=1" >/sys/fs/cgroup/io.cost.qos
	limited "{\"blockIO\": {\"weightDevice\": [{\"major\": ${d%:*}, \"minor\": ${d#*:}, \"weight\": 1000}]}}"
	cat "$(CGROUP)"/io.weight "$(CGROUP)"/io.bfq.weight 2>/dev/null | grep -x "$d \(10000\|1000\)"
	delete
	echo "$d enable=0" >/sys/fs/cgroup/io.cost.qos
	refused /linux/resources/blockIO/leafWeight '.linux.resources.blockIO = {"leafWeight": 100}'
}

@test "rdma: a device that is not there is refused" {
	refused /linux/resources/rdma/mlx5_1 '.linux.resources.rdma = {"mlx5_1": {"hcaHandles": 3, "hcaObjects": 10000}}'
}

@test "network classes and priorities are of v1" {
	refused /linux/resources/network/classID '.linux.resources.network = {"classID": 1048577}'
	refused /linux/resources/network/priorities '.linux.resources.network = {"priorities": [{"name": "lo", "priority": 5}]}'
}

@test "unified: any file of v2, and it has the last word" {
	limited '{"memory": {"limit": 67108864}, "unified": {"memory.high": "50000000", "memory.min": "1048576", "cpu.weight": "77",
		"pids.max": "44", "memory.oom.group": "1", "cgroup.max.depth": "3", "memory.max": "70000000"}}'
	file_is memory.high "$((50000000 / 4096 * 4096))"
	file_is memory.min 1048576
	file_is cpu.weight 77
	file_is pids.max 44
	file_is memory.oom.group 1
	file_is cgroup.max.depth 3
	file_is memory.max "$((70000000 / 4096 * 4096))"
	delete
	refused 'unified.*nosuch' '.linux.resources.unified = {"memory.nosuch": "1"}'
	refused 'unified' '.linux.resources.unified = {"../memory.max": "1"}'
	refused 'unified' '.linux.resources.unified = {"memory.max": "wrong"}'
}

@test "update: every kind of limit, and a refused one changes nothing" {
	limited '{"memory": {"limit": 67108864}, "pids": {"limit": 10}, "cpu": {"shares": 1024}}'
	echo '{"memory": {"limit": 134217728, "swap": 268435456, "reservation": 1048576}, "pids": {"limit": 20},
		"cpu": {"quota": 50000, "period": 100000, "shares": 2048, "cpus": "0"}, "unified": {"memory.high": "100000000"},
		"hugepageLimits": [{"pageSize": "2MB", "limit": 2097152}]}' >"$BATS_TEST_TMPDIR/resources"
	rtq update --resources "$BATS_TEST_TMPDIR/resources" "$ID"
	file_is memory.max 134217728
	file_is memory.swap.max 134217728
	file_is memory.low 1048576
	file_is memory.high "$((100000000 / 4096 * 4096))"
	file_is pids.max 20
	file_is cpu.max "50000 100000"
	file_is cpu.weight 174
	file_is cpuset.cpus 0
	file_is hugetlb.2MB.rsvd.max 2097152
	echo '{"memory": {"limit": 201326592}, "cpu": {"realtimeRuntime": 100}}' >"$BATS_TEST_TMPDIR/resources"
	fails /cpu/realtimeRuntime rt update --resources "$BATS_TEST_TMPDIR/resources" "$ID"
	file_is memory.max 134217728
	delete
}

@test "the cgroup as the container sees it: read-only files of its own" {
	config '.linux.namespaces += [{"type": "cgroup"}] | .linux.resources.pids.limit = 12 | .process.args = ["sh", "-c",
			"cat /proc/self/cgroup /sys/fs/cgroup/pids.max; echo 13 >/sys/fs/cgroup/pids.max || echo refused"]
		| .mounts += [{"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", "ro"]}]'
	run_fg
	equals "$output" $'0::/\n12\nrefused'
}

@test "below a path of several cgroups: limits of the last, controllers of all" {
	config ".linux.cgroupsPath = \"/$ID/a/b\" | .linux.resources += {\"pids\": {\"limit\": 9}, \"memory\": {\"limit\": 33554432}}"
	run_detached
	equals "$(cat "/sys/fs/cgroup/$ID/a/b/pids.max") $(cat "/sys/fs/cgroup/$ID/pids.max")" "9 max"
	equals "$(cat "/sys/fs/cgroup/$ID/a/b/memory.max")" 33554432
	grep -qx "0::/$ID/a/b" "/proc/$(state pid)/cgroup"
	delete
}
