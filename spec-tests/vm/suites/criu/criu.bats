#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# checkpoint and restore by criu: a shell that counts is saved and goes on, with all that a container has around it.
load common
setup_file() { criu_setup_file; }
setup() { criu_setup; }
teardown() {
	[[ -z ${holder:-} ]] || kill "$holder" 2>/dev/null
	umount -l "$BATS_TEST_TMPDIR/net" 2>/dev/null
	common_teardown
}

@test "a container is saved, deleted and goes on" {
	run_detached
	counts 5
	checkpoint
	gone
	[[ ! -e /sys/fs/cgroup/$ID ]]
	equals "$(jq -c . "$IMAGES/descriptors.json")" '["/dev/null","/dev/null","/dev/null"]'
	n=$(number)
	still
	restore --pid-file "$BATS_TEST_TMPDIR/pid"
	status_is running
	equals "$(cat "$BATS_TEST_TMPDIR/pid")" "$(pid)"
	goes_on "$n"
	grep -qx "$(pid)" "/sys/fs/cgroup/$ID/cgroup.procs"
	rtq exec "$ID" true
	rtq kill "$ID" KILL
	wait_for 10 status_is stopped
	rtq delete "$ID"
}

@test "confinement is what it was, and no mount is left on the host" {
	counting '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}
		| .linux.namespaces += [{"type": "cgroup"}] | .linux.sysctl = {"net.ipv4.ip_forward": "1"}
		| .mounts += [{"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["ro"]}]'
	run_detached
	counts 2
	look() {
		local k
		for k in NoNewPrivs Seccomp CapBnd CapEff CapPrm CapInh CapAmb; do echo "$k $(of_status $k)"; done
		rt exec "$ID" sh -c 'cat /proc/sys/net/ipv4/ip_forward; cat /proc/self/mountinfo; ip link; ls /proc/acpi /sys/firmware; cat /proc/keys; hostname; ulimit -n' |
			sed -E 's/^[0-9]+ [0-9]+ [0-9:]+ //; s/,nsdelegate|,memory_recursiveprot//g' | sort
	}
	before=$(look)
	host=$(cat /proc/self/mountinfo)
	checkpoint
	restore
	equals "$(look)" "$before"
	# The options of the host's cgroup2 too, which every mount of it shares.
	equals "$(cat /proc/self/mountinfo)" "$host"
	delete
	matches "$before" "NoNewPrivs 1"
	matches "$before" "Seccomp 2"
}

@test "bind mounts: directory, file, read-only, nested, below a link" {
	mkdir -p "$BATS_TEST_TMPDIR/data/in" "$BATS_TEST_TMPDIR/other" "$ROOTFS/real"
	echo text >"$BATS_TEST_TMPDIR/file"
	ln -sfn real "$ROOTFS/link"
	counting '.mounts += [
		{"destination": "/data", "type": "bind", "source": $d, "options": ["rbind"]},
		{"destination": "/data/in", "type": "bind", "source": $o, "options": ["bind", "ro"]},
		{"destination": "/etc/file", "type": "bind", "source": $f, "options": ["bind", "ro"]},
		{"destination": "/link/below", "type": "bind", "source": $o, "options": ["bind"]}]' \
		--arg d "$BATS_TEST_TMPDIR/data" --arg o "$BATS_TEST_TMPDIR/other" --arg f "$BATS_TEST_TMPDIR/file"
	run_detached
	counts 2
	checkpoint
	n=$(number)
	# As engines do that restore on a new copy of the image.
	rm -rf "$ROOTFS/data" "$ROOTFS/etc/file" "$ROOTFS/real/below"
	restore
	goes_on "$n"
	rtq exec "$ID" sh -c 'echo a >/data/new && echo b >/link/below/new && cat /etc/file && ! echo >/data/in/x && ! echo >/etc/file'
	[[ -s $BATS_TEST_TMPDIR/data/new && -s $BATS_TEST_TMPDIR/other/new ]]
	delete
}

@test "limits are there before the processes are" {
	counting '.linux.resources += {"memory": {"limit": 67108864}, "pids": {"limit": 20}, "cpu": {"shares": 512}}'
	run_detached
	counts 2
	weight=$(cat "/sys/fs/cgroup/$ID/cpu.weight")
	checkpoint
	restore
	for f in memory.max=67108864 pids.max=20 "cpu.weight=$weight"; do
		equals "${f%=*} $(cat "/sys/fs/cgroup/$ID/${f%=*}")" "${f%=*} ${f#*=}"
	done
	grep -qx "$(pid)" "/sys/fs/cgroup/$ID/cgroup.procs"
	delete
}

@test "modes of cgroups: full brings no other limits, ignore leaves none outside, strict is refused" {
	counting '.linux.resources += {"pids": {"limit": 20}}'
	run_detached
	counts 2
	checkpoint --leave-running
	echo 15 >"/sys/fs/cgroup/$ID/pids.max"
	checkpoint --manage-cgroups-mode full
	fails "cgroups mode .strict" restore --manage-cgroups-mode strict
	restore --manage-cgroups-mode full
	equals "$(cat "/sys/fs/cgroup/$ID/pids.max")" 20
	checkpoint --manage-cgroups-mode ignore
	restore --manage-cgroups-mode ignore
	grep -qx "$(pid)" "/sys/fs/cgroup/$ID/cgroup.procs"
	counts "$(number)"
	ns=$(readlink "/proc/$(pid)/ns/pid")
	for p in /proc/[0-9]*; do
		[[ $(readlink "$p/ns/pid") != "$ns" ]] || ! text=$(cat "$p/cgroup" 2>/dev/null) || matches "$text" "/$ID\$"
	done
	delete
}

@test "a container that is left running goes on, and its images are good" {
	run_detached
	counts 2
	p=$(pid)
	checkpoint --leave-running
	n=$(number)
	status_is running
	equals "$(pid)" "$p"
	goes_on "$n"
	delete
	restore
	goes_on 1
	delete
}

@test "pre-dump, then a dump of what has changed" {
	run_detached
	counts 2
	status=0
	rtq checkpoint --image-path "$BATS_TEST_TMPDIR/first" --work-path "$WORK" --pre-dump "$ID" || status=$?
	grep -q "Memory tracking\|mem_track\|MemTrack" "$WORK/dump.log" 2>/dev/null && ((status)) && skip "this kernel tracks no memory"
	equals "$status" 0
	status_is running
	[[ ! -e $BATS_TEST_TMPDIR/first/descriptors.json ]]
	fails "relative" checkpoint --parent-path "$BATS_TEST_TMPDIR/first"
	fails "nowhere" checkpoint --parent-path ../nowhere
	status_is running
	checkpoint --parent-path ../first
	gone
	[[ -L $IMAGES/parent ]]
	n=$(number)
	restore
	goes_on "$n"
	delete
}

# A connection of the container to itself, through which the count goes.
net='nc -l -p 7000 -e cat & sleep 1; (while :; do echo x; sleep 0.1; done) | nc 127.0.0.1 7000 | while read -r l; do i=$((i+1)); echo $i >/tmp/count; done'
@test "open TCP connections are refused or saved" {
	counting '.process.args = ["sh", "-c", $net]' --arg net "$net"
	run_detached
	counts 5
	fails "TCP" checkpoint
	status_is running
	counts "$(number)"
	checkpoint --tcp-established
	n=$(number)
	fails "run criu .log: $WORK/restore.log" restore
	grep -qi tcp "$BATS_TEST_TMPDIR/fails" "$WORK/restore.log"
	[[ ! -e $ROOT/$ID ]]
	restore --tcp-established
	goes_on "$n"
	delete
}

@test "a network namespace that is joined stays what it is" {
	env -u MASU_TEST_ID unshare -n sleep 1000 3>&- &
	holder=$!
	wait_for 10 other_namespace "$holder"
	touch "$BATS_TEST_TMPDIR/net"
	mount --bind "/proc/$holder/ns/net" "$BATS_TEST_TMPDIR/net"
	kill "$holder" && holder=
	inode=$(stat -Lc %i "$BATS_TEST_TMPDIR/net")
	counting '(.linux.namespaces[] | select(.type == "network")).path = $p' --arg p "$BATS_TEST_TMPDIR/net"
	run_detached
	counts 2
	checkpoint
	n=$(number)
	restore
	goes_on "$n"
	equals "$(stat -Lc %i "/proc/$(pid)/ns/net")" "$inode"
	refute equals "$inode" "$(stat -Lc %i /proc/self/ns/net)"
	delete
}

@test "restored under another name" {
	run_detached
	counts 2
	checkpoint
	n=$(number)
	first=$ID
	ID=$ID-other
	config_patch ".linux.cgroupsPath = \"/$ID\""
	restore
	goes_on "$n"
	grep -qx "$(pid)" "/sys/fs/cgroup/$ID/cgroup.procs"
	[[ ! -e /sys/fs/cgroup/$first ]]
	status_is running
	delete
	ID=$first
}

@test "a restore that fails leaves nothing" {
	run_detached
	counts 2
	checkpoint
	before=$(cat /proc/self/mountinfo)
	mv "$IMAGES/core-1.img" "$IMAGES/was"
	fails "run criu .log: $WORK/restore.log" restore
	grep -q "hint: Error (criu/" "$BATS_TEST_TMPDIR/fails"
	gone
	[[ ! -e /sys/fs/cgroup/$ID ]]
	equals "$(cat /proc/self/mountinfo)" "$before"
	mv "$IMAGES/was" "$IMAGES/core-1.img"
	# A document that confines more than the images do.
	config_patch '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}'
	fails "/linux/seccomp: check the restored process: it has no seccomp filter" restore
	gone
	[[ ! -e /sys/fs/cgroup/$ID ]]
	config_patch 'del(.linux.seccomp) | .linux.maskedPaths += ["/proc/uptime"]'
	fails "/linux/maskedPaths: check the restored process" restore
	gone
	chmod 777 "$IMAGES"
	fails "others than root may write" restore
	chmod 700 "$IMAGES"
	config_patch '.linux.maskedPaths -= ["/proc/uptime"]'
	restore
	delete
}

@test "a terminal: the master goes to the console socket" {
	counting '.process.terminal = true'
	console() { # N
		rm -f "$BATS_TEST_TMPDIR/sock"
		python3 "$lib/console.py" listen "$BATS_TEST_TMPDIR/sock" "$BATS_TEST_TMPDIR/out.$1" 3>&- &
		wait_for 5 test -S "$BATS_TEST_TMPDIR/sock"
	}
	count='i=0; while :; do i=$((i+1)); echo line-$i; echo $i >/tmp/count; sleep 0.2; done'
	counting '.process.terminal = true'
	console 1
	run_detached --console-socket "$BATS_TEST_TMPDIR/sock"
	counts 3
	checkpoint
	n=$(number)
	fails "console socket" restore
	console 2
	restore --console-socket "$BATS_TEST_TMPDIR/sock"
	goes_on "$n"
	wait_for 10 grep -q "line-$((n + 2))" "$BATS_TEST_TMPDIR/out.2"
	refute grep -q "line-1[^0-9]" "$BATS_TEST_TMPDIR/out.2"
	delete
}

@test "streams: pipes of the saved container are those of the restore" {
	counting '.process.args = ["sh", "-c", "i=0; while [ $i -lt 5000 ]; do i=$((i+1)); echo $i; echo $i >/tmp/count; sleep 0.1; [ -e /tmp/end ] && exit 7; done"]'
	rm -f "$ROOTFS/tmp/end"
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null 2>/dev/null | cat >"$BATS_TEST_TMPDIR/one" &
	counts 3
	checkpoint
	matches "$(cat "$IMAGES/descriptors.json")" '^\["/dev/null","pipe:\[[0-9]+\]","/dev/null"\]$'
	n=$(number)
	(wait_for 30 beyond $((n + 3)) && touch "$ROOTFS/tmp/end") 3>&- &
	{
		status=0
		rt restore --bundle "$BUNDLE" --image-path "$IMAGES" --work-path "$WORK" "$ID" </dev/null 2>"$ERR" || status=$?
		echo $status >"$BATS_TEST_TMPDIR/code"
	} | cat >"$BATS_TEST_TMPDIR/two"
	wait $!
	cat "$ERR"
	equals "$(<"$BATS_TEST_TMPDIR/code")" 7
	echo "$n, then: $(tr '\n' ' ' <"$BATS_TEST_TMPDIR/two")"
	(($(head -n 1 "$BATS_TEST_TMPDIR/two") > n))
	[[ ! -e $ROOT/$ID ]]
	rm -f "$ROOTFS/tmp/end"
}

@test "exit code of a restore in the foreground" {
	counting '.process.args = ["sh", "-c", "i=0; while [ ! -e /tmp/end ]; do i=$((i+1)); echo $i >/tmp/count; sleep 0.1; done; exit 7"]'
	rm -f "$ROOTFS/tmp/end"
	run_detached
	counts 3
	checkpoint
	touch "$ROOTFS/tmp/end"
	status=0
	rt restore --bundle "$BUNDLE" --image-path "$IMAGES" --work-path "$WORK" "$ID" </dev/null >"$OUT" 2>"$ERR" || status=$?
	cat "$ERR"
	equals "$status" 7
	rm -f "$ROOTFS/tmp/end"
}

@test "hooks: poststop at the checkpoint; prestart, createRuntime and poststart at the restore" {
	hook() { jq -nc --arg t "$1" --arg f "$BATS_TEST_TMPDIR/hooks" '[{path: "/bin/sh", args: ["sh", "-c", "echo \($t) $(jq -r .status) >>\($f)"], env: ["PATH=/usr/bin:/bin"]}]'; }
	counting '.hooks = {prestart: $a, createRuntime: $b, poststart: $c, poststop: $d}' \
		--argjson a "$(hook prestart)" --argjson b "$(hook createRuntime)" --argjson c "$(hook poststart)" --argjson d "$(hook poststop)"
	run_detached
	counts 2
	: >"$BATS_TEST_TMPDIR/hooks"
	checkpoint
	equals "$(tr '\n' ' ' <"$BATS_TEST_TMPDIR/hooks")" "poststop stopped "
	: >"$BATS_TEST_TMPDIR/hooks"
	restore
	equals "$(tr '\n' ' ' <"$BATS_TEST_TMPDIR/hooks")" "prestart creating createRuntime creating poststart running "
	delete
	config_patch '.hooks.createRuntime[0].args[2] = "exit 3"'
	: >"$BATS_TEST_TMPDIR/hooks"
	fails "createRuntime hook .*exit code 3" restore
	equals "$(tr '\n' ' ' <"$BATS_TEST_TMPDIR/hooks")" "prestart creating poststop stopped "
	gone
	[[ ! -e /sys/fs/cgroup/$ID ]]
}

@test "the mount of the notify socket comes back" {
	NOTIFY_SOCKET=$BATS_TEST_TMPDIR/manager create
	start
	counts 2
	checkpoint
	n=$(number)
	restore
	goes_on "$n"
	equals "$(rt exec "$ID" awk '$5 == "/run/notify" { print $4 }' /proc/self/mountinfo)" "$ROOT/$ID/notify"
	# Images of one that has none, in the same directory.
	delete
	rm -f "$ROOTFS/tmp/count"
	create
	start
	counts 2
	checkpoint
	restore
	refute grep -q /run/notify "/proc/$(pid)/mountinfo"
	delete
}

@test "network devices are moved into the restored container, and come back when it fails" {
	ip link add mcrdev type dummy || skip "no dummy devices: $(ip link add mcrdev type dummy 2>&1)"
	counting '.linux.netDevices = {"mcrdev": {"name": "inside"}}'
	run_detached
	counts 2
	checkpoint
	n=$(number)
	refute ip link show mcrdev
	fails "mcrdev" restore
	gone
	ip link add mcrdev type dummy
	restore
	goes_on "$n"
	refute ip link show mcrdev
	rtq exec "$ID" ip link show inside
	delete
	ip link add mcrdev type dummy
	config_patch '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}'
	fails "it has no seccomp filter" restore
	ip link show mcrdev
	ip link del mcrdev
}

@test "a paused container can be saved" {
	run_detached
	counts 2
	rtq pause "$ID"
	checkpoint
	gone
	n=$(number)
	restore
	goes_on "$n"
	delete
}

@test "what cannot be saved is refused, and options are checked" {
	fails "does not exist" checkpoint
	create
	fails "it is created" checkpoint
	start
	counts 2
	fails "empty namespace .pid" checkpoint --empty-ns pid
	fails "cgroups mode .loose" checkpoint --manage-cgroups-mode loose
	fails "ADDRESS:PORT" checkpoint --page-server 9000
	fails "status fd 77" checkpoint --lazy-pages --status-fd 77
	fails "network lock .x" checkpoint --network-lock x
	[[ ! -e $IMAGES/inventory.img ]]
	status_is running
	checkpoint --empty-ns network --file-locks --link-remap --ext-unix-sk
	fails "preserve-fds" restore --preserve-fds 2
	fails "flag needs an argument" rt restore --lsm-mount-context
	fails "no terminal" restore --console-socket /nowhere
	restore --no-pivot --file-locks --ext-unix-sk --no-subreaper --auto-dedup
	fails "already exists" restore
	status_is running
	rtq kill "$ID" KILL
	wait_for 10 status_is stopped
	fails "it is stopped" checkpoint
	rtq delete "$ID"
}

@test "options of criu by the annotation org.criu.config, where it is allowed" {
	echo tcp-established >"$BATS_TEST_TMPDIR/criu.conf"
	counting '.process.args = ["sh", "-c", $net] | .annotations = {"org.criu.config": $c}' --arg c "$BATS_TEST_TMPDIR/criu.conf" --arg net "$net"
	run_detached
	counts 5
	fails "TCP" checkpoint
	delete
	rm -f "$ROOTFS/tmp/count"
	rt --allow-annotation org.criu.config run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	counts 5
	checkpoint
	n=$(number)
	rtq --allow-annotation org.criu.config restore --detach --bundle "$BUNDLE" --image-path "$IMAGES" --work-path "$WORK" "$ID"
	goes_on "$n"
	delete
}
