#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# --cgroup-manager: containers without a cgroup, and cgroups below a container's for exec. The systemd manager is in vm/suites/systemd.
load ../lib/helpers
setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

without() { # ARG...: create and start without a cgroup
	rtq --cgroup-manager disabled create --bundle "$BUNDLE" "$@" "$ID"
	start
}

@test "disabled: no cgroup is made, and the container's processes are known all the same" {
	is_masu || skip "others differ"
	config_args sh -c 'sleep 1001 & sleep 1002 & wait'
	config_patch '.linux.resources = {}'
	without
	equals "$(cgroups_of_test)" ""
	equals "$(cat "/proc/$(state pid)/cgroup")" "$(cat /proc/self/cgroup)"
	rtq exec --detach "$ID" sleep 1003
	wait_for 5 eval '(($(rt ps -f json "$ID" </dev/null | jq length) == 4))'
}

@test "disabled: kill --all reaches every process" {
	is_masu || skip "others differ"
	config_args sh -c 'sleep 1001 & sleep 1002 & wait'
	config_patch '.linux.resources = {} | .linux.namespaces |= map(select(.type != "pid"))'
	without
	wait_for 5 eval '(($(processes_of_test | grep -cE "^[0-9]+ sleep 100[12]") == 2))'
	rtq kill --all "$ID" KILL
	wait_for 5 eval '(($(processes_of_test | grep -cE "^[0-9]+ sleep 100[12]") == 0))'
}

@test "disabled: a limit is refused by its pointer" {
	is_masu || skip "others differ"
	config '.linux.resources = {"pids": {"limit": 5}}'
	fails '/linux/resources/pids/limit: .*cgroups are disabled' rtq --cgroup-manager disabled create --bundle "$BUNDLE" "$ID"
}

@test "disabled: what needs a cgroup says so" {
	is_masu || skip "others differ"
	config_args sleep 1000
	config_patch '.linux.resources = {}'
	without
	fails 'it has no cgroup' rtq pause "$ID"
	fails 'it has no cgroup' rtq update --pids-limit 5 "$ID"
	fails 'the container has no cgroup' rtq exec --cgroup a "$ID" true
}

@test "systemd: not there, or no systemd: an error that says so" {
	is_masu || skip "others differ"
	[[ ! -d /run/systemd/system ]] || skip "a systemd runs here"
	config '.linux.resources = {} | del(.linux.cgroupsPath)'
	fails 'connect to systemd|built without libsystemd' rtq --systemd-cgroup create --bundle "$BUNDLE" "$ID"
	equals "$(ls "$ROOT" | grep -c "$ID" || true)" 0
}

@test "systemd: nobody listens on its socket, as while it executes itself anew: waited for" {
	is_masu || skip "others differ"
	needs python3
	config '.linux.resources = {} | del(.linux.cgroupsPath)'
	cat >"$BATS_TEST_TMPDIR/late.py" <<'EOT'
import socket, subprocess, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind("/run/systemd/private")
p = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
time.sleep(1.5)
print("waits" if p.poll() is None else "gave up")
s.listen()
s.settimeout(20)
s.accept()
print("connects")
p.kill()
p.wait()
EOT
	timeout "${RT_TIMEOUT:-60}" unshare -m sh -c 'mount -t tmpfs tmpfs /run && mkdir /run/systemd && exec "$@"' sh python3 "$BATS_TEST_TMPDIR/late.py" \
		"$RUNTIME" --root "$ROOT" --systemd-cgroup create --bundle "$BUNDLE" "$ID" >"$OUT" 3>&-
	equals "$(cat "$OUT")" $'waits\nconnects'
	# killed before there was anything but its name, and there is no systemd to ask
	rm -rf "${ROOT:?}/$ID"
}

@test "exec: a cgroup below the container's" {
	needs_root
	config_args sleep 1000
	run_detached
	# A new cpuset of v1 takes no process before it is filled.
	for d in $(cgroups_of_test | grep -v /cpuset/); do mkdir "$d/below"; done
	rtq exec --detach --cgroup below "$ID" sleep 1003
	local want
	want=$(sed -E '/^[0-9]+:([^:]*,)?cpuset(,[^:]*)?:/!'"s,/$ID\$,&/below," "/proc/$(state pid)/cgroup")
	matches "$want" "/$ID/below"
	equals "$(cat "/proc/$(processes_of_test | awk '/sleep 1003/ { print $1; exit }')/cgroup")" "$want"
}

@test "exec: a cgroup for one controller of cgroup v1, the others stay" {
	needs_root
	is_masu || skip "others differ"
	[[ -d /sys/fs/cgroup/memory ]] || skip "no cgroup v1"
	config_args sleep 1000
	run_detached
	mkdir "$(cgroups_of_test | grep -m1 /memory/)/below"
	rtq exec --detach --cgroup memory:below "$ID" sleep 1003
	p=$(processes_of_test | awk '/sleep 1003/ { print $1; exit }')
	matches "$(grep :memory: "/proc/$p/cgroup")" "/$ID/below\$"
	matches "$(grep :pids: "/proc/$p/cgroup")" "/$ID\$"
	fails 'there is none' rtq exec --cgroup pids:below "$ID" true
	fails 'not a controller of a cgroup v1 hierarchy' rtq exec --cgroup nosuch:below "$ID" true
	fails 'no controller is named' rtq exec --cgroup :below "$ID" true
}
