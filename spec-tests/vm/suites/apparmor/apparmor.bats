#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# AppArmor: profiles are applied and enforced, for the container and for exec.
load ../../../lib/helpers
setup_file() {
	common_setup_file
	# Both may read what a shell needs; the one may not read the file, the other may not write it.
	cat >"$BATS_FILE_TMPDIR/profiles" <<'EOT'
profile masu-test-read flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,
  signal,
  deny /tmp/secret r,
}
profile masu-test-write flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,
  signal,
  deny /tmp/secret w,
}
profile masu-test-complain flags=(attach_disconnected,mediate_deleted,complain) {
}
EOT
	apparmor_parser -r "$BATS_FILE_TMPDIR/profiles"
}
teardown_file() { apparmor_parser -R "$BATS_FILE_TMPDIR/profiles"; }
setup() {
	common_setup
	echo text >"$ROOTFS/tmp/secret"
}
teardown() { common_teardown; }

# What confines the process, and what it may do with the file.
try='cat /proc/self/attr/current; cat /tmp/secret >/dev/null 2>&1 && echo reads; (echo text >/tmp/secret) 2>/dev/null && echo writes'
# PROFILE [FILTER]
confined() { config '.process.apparmorProfile = $profile | .process.args = ["sh", "-c", $script] | '"${2:-.}" --arg profile "$1" --arg script "$try"; }

@test "AppArmor is in force on this machine" {
	equals "$(cat /sys/module/apparmor/parameters/enabled)" Y
	! is_masu || "$RUNTIME" features | jq -e '.linux.apparmor.enabled == true'
}

@test "no profile: unconfined, the file is free" {
	config '.process.args = ["sh", "-c", $script]' --arg script "$try"
	run_fg
	equals "$output" $'unconfined\nreads\nwrites'
}

@test "the profile is applied and enforced" {
	confined masu-test-read
	run_fg
	equals "$output" $'masu-test-read (enforce)\nwrites'
	confined masu-test-write
	run_fg
	equals "$output" $'masu-test-write (enforce)\nreads'
}

@test "with and without no_new_privs, a user namespace, another user" {
	confined masu-test-read '.process.noNewPrivileges = false'
	run_fg
	equals "$output" $'masu-test-read (enforce)\nwrites'
	chmod 666 "$ROOTFS/tmp/secret"
	confined masu-test-read '.process.user = {"uid": 1000, "gid": 1000}'
	run_fg
	equals "$output" $'masu-test-read (enforce)\nwrites'
	chmod 755 "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" "$(dirname "$BATS_FILE_TMPDIR")" "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR/bundle"
	confined masu-test-read '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	run_fg
	equals "$output" $'masu-test-read (enforce)\nwrites'
}

@test "a profile that complains" {
	confined masu-test-complain
	run_fg
	equals "$output" $'masu-test-complain (complain)\nreads\nwrites'
}

@test "the runtime itself is not confined, a read-only /proc does not matter" {
	confined masu-test-read '(.mounts[] | select(.destination == "/proc")).options = ["ro", "nosuid"] | .root.readonly = true'
	run_fg
	equals "$output" 'masu-test-read (enforce)'
	confined masu-test-read 'del(.mounts[] | select(.destination == "/proc")) | .process.args = ["sh", "-c", "cat /tmp/secret || echo refused"]'
	run_fg
	equals "$output" refused
}

@test "the container's process has it once it has been started, and not before" {
	confined masu-test-read '.process.args = ["sleep", "1000"]'
	create
	# the profile is for what will be executed; masu's own process waits outside
	refute grep -q masu-test-read "/proc/$(state pid)/attr/current"
	start
	equals "$(cat "/proc/$(state pid)/attr/current")" 'masu-test-read (enforce)'
	rtq delete --force "$ID"
}

@test "exec: the container's profile" {
	confined masu-test-read '.process.args = ["sleep", "1000"]'
	run_detached
	equals "$(rt exec "$ID" sh -c "$try" </dev/null)" $'masu-test-read (enforce)\nwrites'
	rtq delete --force "$ID"
}

@test "exec: another profile, by option and by document" {
	confined masu-test-read '.process.args = ["sleep", "1000"]'
	run_detached
	equals "$(rt exec --apparmor masu-test-write "$ID" sh -c "$try" </dev/null)" $'masu-test-write (enforce)\nreads'
	jq '.process | .apparmorProfile = "masu-test-write" | .args = ["sh", "-c", $script]' --arg script "$try" "$BUNDLE/config.json" >"$BATS_TEST_TMPDIR/p.json"
	equals "$(rt exec --process "$BATS_TEST_TMPDIR/p.json" "$ID" </dev/null)" $'masu-test-write (enforce)\nreads'
	# the container itself has its own still
	equals "$(cat "/proc/$(state pid)/attr/current")" 'masu-test-read (enforce)'
	fails masu-nosuch rt exec --apparmor masu-nosuch "$ID" true
	status_is running
	rtq delete --force "$ID"
}

@test "a profile that is not loaded: refused by its pointer, nothing left" {
	confined masu-nosuch
	if is_masu; then
		fails 'apparmorProfile' create
		grep -q 'apparmor_parser' "$ERR" "$BATS_TEST_TMPDIR/fails"
	else
		fails masu-nosuch rtq run --bundle "$BUNDLE" "$ID"
	fi
	[[ ! -e $ROOT/$ID && ! -e /sys/fs/cgroup/$ID ]]
}

@test "SELinux labels are refused here" {
	is_masu || skip "others pass over them"
	config '.process.selinuxLabel = "system_u:system_r:container_t:s0"'
	fails /process/selinuxLabel create
	config '.linux.mountLabel = "system_u:object_r:container_file_t:s0"'
	fails /linux/mountLabel create
}
