#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Properties that are seen from inside: scheduling, memory policy, execution domain. A static probe asks the kernel.
load ../lib/helpers
setup_file() {
	common_setup_file
	${CC:-gcc} -D_GNU_SOURCE -static -O1 -o "$BATS_FILE_TMPDIR/rootfs/bin/probe" "$lib/probe.c" || skip "needs a compiler that links statically"
}
setup() { common_setup; }
teardown() { common_teardown; }

# FILTER [JQ OPTIONS]: runs the probe with the document changed by FILTER; seen KEY gives what it saw.
probe() {
	config ".process.args = [\"/bin/probe\"] | $1" "${@:2}"
	run_fg
	equals "$status" 0
}
seen() { sed -n "s/^$1 //p" <<<"$output"; }
# POINTER FILTER [TEXT]: refused with the pointer, and nothing left behind.
refused() {
	config "$2"
	fails "$1.*${3:-}" create
	[[ ! -e $ROOT/$ID ]]
}

@test "PSC-12 PSC-15 PSC-16: SCHED_OTHER and SCHED_BATCH with a nice value; absent is 0" {
	probe '.process.scheduler = {policy: "SCHED_OTHER", nice: 7}'
	equals "$(seen sched)" "policy 0 flags 0 nice 7 priority 0"
	probe '.process.scheduler = {policy: "SCHED_BATCH", nice: 3}'
	equals "$(seen sched)" "policy 3 flags 0 nice 3 priority 0"
	config '.process.args = ["/bin/probe"] | .process.scheduler = {policy: "SCHED_OTHER"}'
	output=$(nice -n 5 timeout "${RT_TIMEOUT:-30}" "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null 3>&-)
	equals "$(seen sched)" "policy 0 flags 0 nice 0 priority 0"
}

@test "PSC-12: SCHED_IDLE keeps the nice value asked for" {
	probe '.process.scheduler = {policy: "SCHED_IDLE", nice: 4}'
	equals "$(seen sched)" "policy 5 flags 0 nice 4 priority 0"
}

@test "PSC-17 PSC-26: real time without any capability; PSC-25: on cgroup v1 with a share" {
	local rt='.process.capabilities = {} | .process.scheduler = {policy: "SCHED_FIFO", priority: 5, flags: ["SCHED_FLAG_RESET_ON_FORK"]}'
	if [[ -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ]]; then
		refused /process/scheduler "$rt"
		rt+=' | .linux.resources.cpu = {realtimeRuntime: 10000, realtimePeriod: 1000000}'
	fi
	probe "$rt"
	equals "$(seen sched)" "policy 1 flags 1 nice 0 priority 5"
	# the program it starts is back to normal
	equals "$(seen child)" "policy 0 flags 0 nice 0 priority 0"
}

@test "PSC-24: SCHED_DEADLINE, with hooks that fork" {
	config '.process.args = ["/bin/probe", "nofork"] | .process.scheduler = {policy: "SCHED_DEADLINE", runtime: 2000000, deadline: 50000000}
		| .hooks = {createContainer: [{path: "/bin/true"}]}'
	run_fg
	[[ $status == 0 ]] || { grep -q 'cpuset\|bandwidth' <<<"$errors" && skip "the kernel does not admit it here"; }
	equals "$(seen sched)" "policy 6 flags 0 nice 0 priority 0"
	equals "$(seen deadline)" "runtime 2000000 deadline 50000000 period 50000000"
}

@test "PSC-12: in a user namespace, where no right to it exists" {
	probe '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings | .process.scheduler = {policy: "SCHED_OTHER", nice: -5}
		| .process.ioPriority = {class: "IOPRIO_CLASS_RT", priority: 1}'
	equals "$(seen sched)" "policy 0 flags 0 nice -5 priority 0"
	equals "$(seen ioprio)" "1 1"
}

@test "PSC-13 PSC-14 PSC-18 PSC-20: what no kernel has is refused" {
	refused /process/scheduler '.process.scheduler = {policy: "SCHED_ISO"}'
	refused /process/scheduler '.process.scheduler = {policy: "SCHED_FOO"}'
	refused /process/scheduler '.process.scheduler = {policy: "SCHED_OTHER", priority: 1}'
	refused /process/scheduler '.process.scheduler = {policy: "SCHED_OTHER", flags: ["SCHED_FLAG_UTIL_CLAMP_MIN"]}'
}

@test "PSC-28 PSC-30 PSC-31: I/O priority, inherited" {
	probe '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 2}'
	equals "$(seen ioprio) / $(seen childio)" "2 2 / 2 2"
	probe '.process.capabilities = {} | .process.ioPriority = {class: "IOPRIO_CLASS_RT", priority: 0}'
	equals "$(seen ioprio)" "1 0"
	probe '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 0}'
	equals "$(seen ioprio)" "3 0"
	refused /process/ioPriority/priority '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 8}'
}

@test "RFS-24 RFS-25: execution domain, whatever the caller's is" {
	probe '.linux.personality = {domain: "LINUX32"}'
	equals "$(seen personality)" 8
	[[ $(uname -m) != x86_64 ]] || equals "$(seen machine)" i686
	config '.process.args = ["/bin/probe"] | .linux.personality = {domain: "LINUX"}'
	output=$(setarch linux32 timeout "${RT_TIMEOUT:-30}" "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null 3>&-)
	equals "$(seen personality)" 0
	refused /linux/personality/flags '.linux.personality = {domain: "LINUX", flags: ["X"]}'
}

@test "MPO-03 MPO-05 MPO-08 MPO-11: memory policies" {
	probe '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0"}'
	equals "$(seen mempolicy)" "mode 2 node0 1"
	probe '.linux.memoryPolicy = {mode: "MPOL_INTERLEAVE", nodes: "0-1", flags: ["MPOL_F_STATIC_NODES"]}'
	matches "$(seen mempolicy)" "^mode 32771 node0 [13]$"
	probe '.linux.memoryPolicy = {mode: "MPOL_PREFERRED_MANY", nodes: "0", flags: ["MPOL_F_RELATIVE_NODES"]}'
	equals "$(seen mempolicy)" "mode 16389 node0 1"
	probe '.linux.memoryPolicy = {mode: "MPOL_PREFERRED", nodes: ""}'
	equals "$(seen mempolicy)" "mode 4 node0 0"
	probe '.linux.memoryPolicy = {mode: "MPOL_LOCAL"}'
	equals "$(seen mempolicy)" "mode 4 node0 0"
	probe '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_NUMA_BALANCING"]}'
	equals "$(seen mempolicy)" "mode 8194 node0 1"
}

@test "MPO-09: no node of the list is there" {
	refused /linux/memoryPolicy '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "1000"}'
}

@test "PSC-33 PSC-34 PSC-35 PSC-37: CPU affinity of exec, not of init" {
	(($(nproc) > 1)) || skip "needs two CPUs"
	config '.process.execCPUAffinity = {initial: "0", final: "1"} | .process.args = ["sleep", "60"]'
	run_detached
	equals "$(sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$(state pid)/status")" "$(sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status)"
	output=$(rt exec "$ID" /bin/probe </dev/null)
	equals "$(seen cpus)" 1
	jq '.process | .execCPUAffinity = {final: "0"} | .args = ["/bin/probe"]' "$BUNDLE/config.json" >"$BATS_TEST_TMPDIR/p.json"
	output=$(rt exec --process "$BATS_TEST_TMPDIR/p.json" "$ID" </dev/null)
	equals "$(seen cpus)" 0
	jq '.process | .execCPUAffinity = {final: "4000"} | .args = ["/bin/probe"]' "$BUNDLE/config.json" >"$BATS_TEST_TMPDIR/p.json"
	fails /process/execCPUAffinity/final rt exec --process "$BATS_TEST_TMPDIR/p.json" "$ID"
	rtq delete --force "$ID"
}

@test "PSC-34: the initial affinity is there before the process is in the cgroup" {
	(($(nproc) > 1)) || skip "needs two CPUs"
	needs strace
	config '.process.execCPUAffinity = {initial: "1"} | .process.args = ["sleep", "60"]'
	run_detached
	strace -f -o "$BATS_TEST_TMPDIR/trace" -e trace=sched_setaffinity,clone3,write -s 64 \
		"$RUNTIME" --root "$ROOT" exec "$ID" /bin/true </dev/null 3>&-
	refute grep CLONE_INTO_CGROUP "$BATS_TEST_TMPDIR/trace"
	grep -q 'sched_setaffinity(0, [0-9]*, \[1[] ]' "$BATS_TEST_TMPDIR/trace"
	rtq delete --force "$ID"
}

@test "exec takes scheduling, memory policy and execution domain of the container" {
	config '.process.scheduler = {policy: "SCHED_BATCH", nice: 6} | .process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}
		| .linux.personality = {domain: "LINUX32"} | .linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0"} | .process.args = ["sleep", "60"]'
	run_detached
	output=$(rt exec "$ID" /bin/probe </dev/null)
	equals "$(seen sched)" "policy 3 flags 0 nice 6 priority 0"
	equals "$(seen ioprio) $(seen personality) $(seen mempolicy)" "2 6 8 mode 2 node0 1"
	rtq delete --force "$ID"
}

@test "PSC-04 PSC-06 RFS-21: a label of a module that is not in force is refused before anything is made" {
	[[ $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null) == Y ]] ||
		refused /process/apparmorProfile '.process.apparmorProfile = "unconfined"' 'AppArmor is not enabled'
	[[ ! -e /sys/fs/selinux/enforce ]] || skip "SELinux is in force"
	refused /process/selinuxLabel '.process.selinuxLabel = "system_u:system_r:container_t:s0"' 'SELinux is not enabled'
	refused /linux/mountLabel '.mounts |= map(select(.options // [] | index("bind"))) | .linux.mountLabel = "system_u:object_r:container_file_t:s0"'
	[[ ! -e $ROOT/$ID ]]
	config_args sleep 60
	run_detached
	fails 'SELinux is not enabled' rt exec --process-label system_u:system_r:container_t:s0 "$ID" true
	fails /process/apparmorProfile rt exec --apparmor unconfined "$ID" true
	rtq delete --force "$ID"
}

@test "RDT-02: no resctrl is mounted" {
	! grep -q ' - resctrl ' /proc/self/mountinfo || skip "resctrl is mounted"
	refused /linux/intelRdt '.linux.intelRdt = {}' 'no resctrl file system'
	refused /linux/intelRdt '.linux.intelRdt = {closID: "x", schemata: ["MB:0=50"], enableMonitoring: true}' 'no resctrl file system'
}
