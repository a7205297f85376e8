#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What images cannot bring back, and what is left when criu fails.
load common
setup_file() { criu_setup_file; }
setup() { criu_setup; }
teardown() { common_teardown; }

# FILTER: a first process that gives CAP_KILL up, and one that it made before.
two_processes() {
	cat >"$ROOTFS/tmp/two.py" <<-'EOF'
		import ctypes, os, time
		libc = ctypes.CDLL(None)
		if os.fork() == 0:
		    for i in range(1 << 30):
		        open("/tmp/count", "w").write("%d\n" % i)
		        time.sleep(0.1)
		assert libc.prctl(24, 5, 0, 0, 0) == 0
		rest = (ctypes.c_uint32 * 6)(*[1 << 8] * 3)
		assert libc.syscall(126, (ctypes.c_uint32 * 2)(0x20080522, 0), rest) == 0
		time.sleep(1000)
	EOF
	counting '.process.args = ["/usr/bin/python3", "/tmp/two.py"]
		| .process.capabilities = {bounding: $c, permitted: $c, effective: $c, inheritable: $c}
		| .mounts += [["/usr", "/lib", "/lib64"][] | {destination: ., type: "bind", source: ("/usr" + . | sub("/usr/usr"; "/usr")), options: ["rbind", "ro"]}]
		| '"$1" --argjson c '["CAP_KILL", "CAP_SETPCAP"]'
}
less='.process.capabilities[] = ["CAP_SETPCAP"]'

@test "rights of a process that is not the first" {
	two_processes .
	run_detached
	counts 2
	checkpoint
	n=$(number)
	restore
	goes_on "$n"
	checkpoint
	n=$(number)
	config_patch "$less"
	fails "/process/capabilities/bounding: check the restored process: its bounding set is larger" restore
	gone
	[[ ! -e /sys/fs/cgroup/$ID ]]
	# It did not even run for a moment.
	equals "$(number)" "$n"
}

@test "a directory with something in it is not hidden" {
	mkdir -p "$ROOTFS/data" "$ROOTFS/hidden"
	echo text >"$ROOTFS/data/file"
	counting '.mounts += [["/data", "/hidden"][] | {destination: ., type: "tmpfs", source: "tmpfs", options: ["ro", "tmpcopyup"]}]'
	run_detached
	counts 2
	checkpoint
	config_patch '.linux.maskedPaths += ["/data"]'
	fails "/linux/maskedPaths: check the restored process: /data" restore
	config_patch '.linux.maskedPaths -= ["/data"] | .linux.maskedPaths += ["/hidden"]'
	restore
	delete
	rm -r "$ROOTFS/data" "$ROOTFS/hidden"
}

@test "a criu that dies does not leave the container frozen" {
	run_detached
	counts 2
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/criu" <<-EOF
		#!/bin/sh
		[ -e $BATS_TEST_TMPDIR/once ] && echo 1 >/sys/fs/cgroup/$ID/cgroup.freeze && kill -KILL \$\$
		: >$BATS_TEST_TMPDIR/once
		exec $(command -v criu) "\$@"
	EOF
	chmod +x "$BATS_TEST_TMPDIR/bin/criu"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH fails "criu" checkpoint
	status_is running
	counts "$(number)"
	[[ ! -e $IMAGES/descriptors.json ]]
	# One that was paused before stays so.
	rtq pause "$ID"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH fails "criu" checkpoint
	status_is paused
	rtq resume "$ID"
	delete
}

@test "namespaces that are joined are of their kind, and what is verified is what is joined" {
	unshare -u -i sh -c 'hostname joined; exec sleep 1000' &
	holder=$!
	sleep 0.5
	for kind in uts ipc; do
		touch "$BATS_TEST_TMPDIR/$kind"
		mount --bind "/proc/$holder/ns/$kind" "$BATS_TEST_TMPDIR/$kind"
	done
	kill $holder
	counting '.linux.namespaces |= map(if .type == "uts" or .type == "ipc" then .path = $p + .type else . end) | del(.hostname)' --arg p "$BATS_TEST_TMPDIR/"
	run_detached
	counts 2
	checkpoint
	n=$(number)
	config_patch '(.linux.namespaces[] | select(.type == "ipc")).path = $p' --arg p "$BATS_TEST_TMPDIR/uts"
	fails "open ipc namespace .*: it is a uts namespace" restore
	gone
	config_patch '(.linux.namespaces[] | select(.type == "ipc")).path = $p' --arg p "$BATS_TEST_TMPDIR/ipc"
	restore
	goes_on "$n"
	for kind in uts ipc; do equals "$(stat -Lc %i "/proc/$(pid)/ns/$kind")" "$(stat -Lc %i "$BATS_TEST_TMPDIR/$kind")"; done
	delete
	umount "$BATS_TEST_TMPDIR/uts" "$BATS_TEST_TMPDIR/ipc"
}
