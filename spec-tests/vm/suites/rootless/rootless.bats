#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# As an ordinary user with a systemd of its own, which passes on cpu, cpuset, io, memory and pids: namespaces, ranges of ids, limits.
load ../../../lib/helpers
needs_root() { [[ $(id -u) != 0 ]] || skip "needs a user"; }
setup_file() { common_setup_file; }
setup() {
	common_setup
	# Below the unit that was passed on, beside the one that these tests run in: a cgroup with processes passes nothing on itself.
	BASE=$(sed -n 's/^0:://p' /proc/self/cgroup | grep -o '^/.*/user@[0-9]*\.service')
	CGROUP=/sys/fs/cgroup$BASE/$ID
	own='{"containerID": 0, "hostID": '$(id -u)', "size": 1}'
}
teardown() {
	local failed=0
	common_teardown || failed=1
	[[ ! -e $CGROUP ]] || { echo "left behind: $CGROUP"; failed=1; }
	return $failed
}
# FILTER: a container of this user.
mine() {
	config '.linux.namespaces += [{"type": "user"}, {"type": "cgroup"}] | .linux.uidMappings = ['"$own"'] | .linux.gidMappings = .linux.uidMappings
		| .linux.cgroupsPath = $path | del(.linux.resources) | '"$1" --arg path "$BASE/$ID"
}
file() { tr '\n' ' ' <"$CGROUP/$1" | sed 's/ $//'; }

@test "root inside, this user outside; in its own cgroup" {
	mine '.process.args = ["sh", "-c", "id -u; tr -s \" \" </proc/self/uid_map; cat /proc/self/cgroup; hostname"]'
	run_fg
	equals "$output" "0
 0 $(id -u) 1
0::/
box"
	mine .
	run_detached
	equals "$(cat "/proc/$(state pid)/cgroup")" "0::$BASE/$ID"
	rtq delete --force "$ID"
}

@test "ranges of /etc/subuid" {
	needs newuidmap
	local first
	first=$(sed -n "s/^$(id -un):\([0-9]*\):.*/\1/p" /etc/subuid)
	mine '.linux.uidMappings += [{"containerID": 1, "hostID": '"$first"', "size": 65536}] | .linux.gidMappings = .linux.uidMappings
		| .process.args = ["sh", "-c", "tr -s \" \" </proc/self/uid_map; touch /tmp/file; chown 33:33 /tmp/file; stat -c %u:%g /tmp/file; rm /tmp/file"]
		| .process.capabilities |= map_values(. + ["CAP_CHOWN"])'
	run_fg
	equals "$output" " 0 $(id -u) 1
 1 $first 65536
33:33"
}

@test "limits of every controller that is passed on" {
	mine '.linux.resources = {"memory": {"limit": 67108864, "reservation": 1048576}, "pids": {"limit": 20}, "unified": {"memory.high": "50003968"},
		"cpu": {"shares": 512, "quota": 20000, "period": 50000, "cpus": "0"}}'
	run_detached
	equals "$(file memory.max) $(file memory.low) $(file memory.high)" "67108864 1048576 50003968"
	equals "$(file pids.max)" 20
	equals "$(file cpu.weight) $(file cpu.max)" "59 20000 50000"
	equals "$(file cpuset.cpus)" 0
	rtq update --memory 128m --pids-limit 30 "$ID"
	equals "$(file memory.max) $(file pids.max)" "134217728 30"
	rtq delete --force "$ID"
}

@test "limits do what they say" {
	mine '.linux.resources = {"memory": {"limit": 20971520, "swap": 20971520}} | .process.args = ["tail", "-c", "60000000", "/dev/zero"]'
	run_fg
	equals "$status" 137
}

@test "a controller that is not passed on: refused" {
	mine '.linux.resources = {"hugepageLimits": [{"pageSize": "2MB", "limit": 0}]}'
	fails '/linux/resources/hugepageLimits|hugetlb' create
	[[ ! -e $CGROUP && ! -e $ROOT/$ID ]]
}

@test "exec, pause, resume, ps, events, kill, delete" {
	mine .
	create
	start
	equals "$(rt exec "$ID" sh -c 'id -u; cat /proc/self/cgroup' </dev/null)" $'0\n0::/'
	rtq pause "$ID"
	status_is paused
	rtq resume "$ID"
	status_is running
	equals "$(rt ps --format json "$ID" | jq length)" 1
	rtq events --stats "$ID"
	jq -e '.data.pids.current == 1 and .data.memory.usage.usage > 0' "$OUT"
	rt kill "$ID" KILL
	wait_for 10 status_is stopped
	rtq delete "$ID"
}

@test "default state directory, no cgroupsPath" {
	mine 'del(.linux.cgroupsPath)'
	timeout 60 "$RUNTIME" run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>"$ERR" 3>&- || { cat "$ERR"; false; }
	[[ -n $(find "$XDG_RUNTIME_DIR" -path "*/$ID*" -print -quit) ]]
	timeout 60 "$RUNTIME" delete --force "$ID" 3>&-
	equals "$(find "$XDG_RUNTIME_DIR" -path "*/$ID*")" ""
}
