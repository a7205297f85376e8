#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Device rules on cgroup v2: who may make, read and write which node. The kernel asks the program of the cgroup before it looks for a
# driver, so numbers without any device show it as well: EPERM is the program's, any other answer means allowed.
load common
setup_file() {
	common_setup_file
	cat >"$BATS_FILE_TMPDIR/rootfs/bin/try" <<'EOT'
#!/bin/sh
# try NODE...: NODE is c-MAJOR-MINOR; prints for each which of rwm are allowed.
for n; do
	allowed=
	(: <"/nodes/$n") 2>&1 | grep -q "not permitted" || allowed=r
	(: >>"/nodes/$n") 2>&1 | grep -q "not permitted" || allowed=${allowed}w
	set -- $(echo "$n" | tr - ' ')
	mknod /tmp/made "$1" "$2" "$3" 2>/dev/null && allowed=${allowed}m
	rm -f /tmp/made
	echo "$n=${allowed:-none}"
done
EOT
	chmod 755 "$BATS_FILE_TMPDIR/rootfs/bin/try"
	mkdir "$BATS_FILE_TMPDIR/rootfs/nodes"
	local n
	for n in c-250-1 c-250-2 c-250-3 c-250-4 c-250-5 b-250-5 c-251-1 c-251-9 c-252-7 b-252-7 c-1-3 c-1-1 c-5-0 c-10-200; do
		# shellcheck disable=SC2046
		mknod "$BATS_FILE_TMPDIR/rootfs/nodes/$n" $(tr - ' ' <<<"$n")
	done
}
setup() { common_setup; }
teardown() { common_teardown; }

# RULES NODE=ACCESS...: what the container may do.
matrix() {
	local rules=$1
	shift
	config '.linux.resources.devices = '"$rules"' | .process.args = ["try"] + $nodes | .mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}]
		| .process.capabilities |= map_values(. + ["CAP_MKNOD", "CAP_DAC_OVERRIDE", "CAP_SYS_RAWIO"])' \
		--argjson nodes "$(printf '%s\n' "${@%=*}" | jq -Rsc 'split("\n")[:-1]')"
	run_fg
	equals "$status" 0
	equals "$output" "$(printf '%s\n' "$@")"
}

@test "denied by default, but for what every container has" {
	matrix '[{"allow": false, "access": "rwm"}]' c-250-1=none b-250-5=none c-1-1=none c-10-200=none c-1-3=rwm c-5-0=rwm
}

@test "each kind of access by itself" {
	matrix '[{"allow": false, "access": "rwm"},
		{"allow": true, "type": "c", "major": 250, "minor": 1, "access": "r"},
		{"allow": true, "type": "c", "major": 250, "minor": 2, "access": "w"},
		{"allow": true, "type": "c", "major": 250, "minor": 3, "access": "m"},
		{"allow": true, "type": "c", "major": 250, "minor": 4, "access": "rw"},
		{"allow": true, "type": "b", "major": 250, "minor": 5, "access": "rwm"}]' \
		c-250-1=r c-250-2=w c-250-3=m c-250-4=rw b-250-5=rwm c-250-5=none
}

@test "all numbers of a kind" {
	matrix '[{"allow": false, "access": "rwm"},
		{"allow": true, "type": "c", "major": 251, "access": "rm"},
		{"allow": true, "type": "c", "minor": 7, "access": "w"}]' \
		c-251-1=rm c-251-9=rm c-252-7=w b-252-7=none c-250-1=none
}

@test "the last rule that fits has the word" {
	matrix '[{"allow": true, "access": "rwm"},
		{"allow": false, "type": "c", "major": 250, "minor": 1, "access": "w"},
		{"allow": false, "type": "c", "major": 250, "minor": 2},
		{"allow": false, "type": "c", "major": 251, "access": "rwm"},
		{"allow": true, "type": "c", "major": 251, "minor": 9, "access": "r"}]' \
		c-250-1=rm c-250-2=none c-250-3=rwm b-250-5=rwm c-251-1=none c-251-9=r
}

@test "both kinds of node in one rule" {
	matrix '[{"allow": false, "access": "rwm"}, {"allow": true, "type": "a", "major": 252, "minor": 7, "access": "r"}]' c-252-7=r b-252-7=r c-250-1=none
}

@test "devices of the document may be used" {
	config '.linux.devices = [{"path": "/dev/own", "type": "c", "major": 250, "minor": 1}]
		| .linux.resources.devices = [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 250, "minor": 1, "access": "rw"}]
		| .process.args = ["sh", "-c", "(: </dev/own) 2>&1 | grep -c permitted; stat -c %t:%T /dev/own"]'
	run_fg
	equals "$output" $'0\nfa:1'
}

@test "exec is bound by the same rules" {
	config '.linux.resources.devices = [{"allow": false, "access": "rwm"}] | .mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}]
		| .process.capabilities |= map_values(. + ["CAP_MKNOD"])'
	run_detached
	equals "$(rt exec "$ID" try c-250-1 c-1-3 </dev/null)" $'c-250-1=none\nc-1-3=rwm'
	delete
}

@test "the program goes with the container" {
	needs bpftool
	local before
	programs() { bpftool prog list | grep -c cgroup_device; }
	before=$(programs)
	run_detached
	bpftool cgroup show "$(CGROUP)" | grep -q device
	equals "$(programs)" "$((before + 1))"
	delete
	# freed after a grace period
	wait_for 5 eval '(($(programs) == before))'
}

@test "update: rules of the running container" {
	is_masu || skip "not every runtime has it"
	run_detached
	equals "$(rt exec "$ID" try c-250-1 </dev/null)" c-250-1=none
	echo '{"devices": [{"allow": true, "type": "c", "major": 250, "minor": 1, "access": "r"}]}' >"$BATS_TEST_TMPDIR/resources"
	rtq update --resources "$BATS_TEST_TMPDIR/resources" "$ID"
	equals "$(rt exec "$ID" try c-250-1 </dev/null)" c-250-1=r
	delete
}
