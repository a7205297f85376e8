#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Refusals: each names its cause and leaves nothing behind.
load ../lib/helpers
setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

refused() { # REGEX: create fails with it, and as if it had never been tried
	fails "$1" create
	nothing_left
	equals "$(ls "$ROOT" | grep -c "$ID" || true)" 0
}

@test "a program that is not there, at create" {
	config_args nosuchprogram
	refused 'executable file .*not found in \$PATH'
	config_args /no/such/program
	refused 'no such file or directory'
	config_args /etc/passwd
	refused 'permission denied'
	config_args /tmp
	refused 'permission denied|is a directory'
}

@test "a file that is no program: start says so" {
	is_masu || skip "others report success"
	printf '\177ELF no program' >"$ROOTFS/bin/broken"
	chmod 755 "$ROOTFS/bin/broken"
	config_args /bin/broken
	create
	fails 'exec format error' start
	rm "$ROOTFS/bin/broken"
}

@test "no bundle, no document, no root file system" {
	fails 'no such file' rtq create --bundle "$BATS_TEST_TMPDIR/nosuch" "$ID"
	rm "$BUNDLE/config.json"
	refused 'config.json'
	config '.root.path = "nosuch"'
	refused 'nosuch'
	config 'del(.root)'
	refused 'root'
}

@test "documents that are no JSON" {
	local doc
	is_masu || skip "others are not as strict"
	for doc in '' '{' '[]' '"x"' 'null' '{"ociVersion": "1.0.2"} x' '{"ociVersion": "1.0.2",}' '{"ociVersion": "1.0.2" /* c */}' "{'ociVersion': '1.0.2'}" $'\xef\xbb\xbf{}' '{"ociVersion": NaN}' '{"a": 1e999}' '{"ociVersion": "1.0.2", "ociVersion": "1.0.2"}'; do
		printf '%s' "$doc" >"$BUNDLE/config.json"
		echo "document: $doc"
		refused 'config.json'
	done
	printf '{"ociVersion": "1.0.2", "hostname": "\xff"}' >"$BUNDLE/config.json"
	refused 'config.json'
	printf '{"ociVersion": "1.0.2", "hostname": "a\\u0000b"}' >"$BUNDLE/config.json"
	refused 'config.json'
	printf '%0.s[' {1..100000} >"$BUNDLE/config.json"
	refused 'config.json'
}

@test "values of the wrong kind: the error names the place" {
	is_masu || skip "no pointers elsewhere"
	local row filter pointer
	for row in \
		'.ociVersion = 1|/ociVersion' \
		'del(.ociVersion)|/ociVersion' \
		'.ociVersion = "2.0.0"|ociVersion' \
		'.process.args = []|/process/args' \
		'.process.args = [1]|/process/args/0' \
		'.process.cwd = "relative"|/process/cwd' \
		'.process.user.uid = -1|/process/user/uid' \
		'.process.user.uid = 4294967296|/process/user/uid' \
		'.process.user.uid = "0"|/process/user/uid' \
		'.process.user.uid = 1.5|/process/user/uid' \
		'.process.rlimits = [{"type": "RLIMIT_NOSUCH", "soft": 1, "hard": 1}]|/process/rlimits/0' \
		'.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 2, "hard": 1}]|/process/rlimits/0' \
		'.process.terminal = "yes"|/process/terminal' \
		'.mounts[0].destination = 5|/mounts/0/destination' \
		'.linux.namespaces += [{"type": "nosuch"}]|/linux/namespaces' \
		'.linux.namespaces += [{"type": "pid"}]|/linux/namespaces' \
		'.linux.resources.pids = {"limit": "x"}|/linux/resources/pids/limit' \
		'.linux.resources.memory = {"limit": true}|/linux/resources/memory/limit' \
		'.linux.seccomp = {"defaultAction": "SCMP_ACT_NOSUCH"}|/linux/seccomp/defaultAction' \
		'.linux.sysctl = {"kernel.hostname": 5}|/linux/sysctl' \
		'.linux.rootfsPropagation = "sideways"|/linux/rootfsPropagation' \
		'.hooks = {"createRuntime": [{"path": "relative"}]}|/hooks/createRuntime/0/path' \
		'.hostname = "x" \| .linux.namespaces \|= map(select(.type != "uts"))|hostname'; do
		pointer=${row##*|}
		filter=${row%|*}
		filter=${filter//\\|/|}
		echo "filter: $filter"
		config "$filter"
		refused "$pointer"
	done
}

@test "things of the host that are not there" {
	config '.mounts += [{"destination": "/x", "type": "bind", "source": "/no/such/source", "options": ["bind"]}]'
	refused 'no such file'
	config '.mounts += [{"destination": "/x", "type": "nosuchfs", "source": "x"}]'
	refused 'nosuchfs|no such device'
	config '.linux.namespaces |= map(if .type == "network" then .path = "/no/such/ns" else . end)'
	refused 'no such file'
	config '.linux.namespaces |= map(if .type == "network" then .path = "/etc/passwd" else . end)'
	refused .
	config '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/uts" else . end)'
	refused .
	config '.process.apparmorProfile = "nosuch-profile"'
	[[ -d /sys/kernel/security/apparmor ]] || { refused 'apparmor'; true; }
}

@test "sysctls of the host are refused" {
	config '.linux.sysctl = {"kernel.pid_max": "1000"}'
	refused 'kernel.pid_max'
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .linux.namespaces |= map(select(.type != "network"))'
	refused 'net.ipv4'
	config '.linux.sysctl = {"net.ipv4.nosuch": "1"}'
	refused 'nosuch'
}

@test "limits that cannot be set" {
	config '.linux.resources.memory = {"limit": 4096}'
	# so little that nothing runs: an error, or an end by OOM; but nothing stays
	create || true
	rtq delete --force "$ID"
	nothing_left
	config '.linux.cgroupsPath = "../../escape"'
	create || true
	rtq delete --force "$ID"
	[[ -z $(find /sys/fs/cgroup -maxdepth 2 -name 'escape') ]]
}

@test "--pid-file that cannot be written: no container" {
	fails . create --pid-file /no/such/dir/pid
	nothing_left
}

@test "a state directory that is damaged: list goes on, delete --force clears it" {
	create
	local pid
	pid=$(state pid)
	mkdir -p "$ROOT/$ID-damaged"
	echo '{' >"$ROOT/$ID-damaged/state.json"
	rt list -q >"$OUT" 2>"$ERR"
	grep -qx "$ID" "$OUT"
	rtq delete --force "$ID-damaged"
	[[ ! -e $ROOT/$ID-damaged ]]
	kill -0 "$pid"
}

@test "create killed at any moment: delete --force clears all" {
	local ms
	for ms in 2 4 6 8 10 12 15 20 30; do
		timeout -s KILL "0.0$(printf %02d "$ms")" "$RUNTIME" --root "$ROOT" create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- || true
		rtq delete --force "$ID"
		nothing_left
	done
}

@test "run.oci.delegate-cgroup where it cannot be: nothing has begun" {
	config '.annotations = {"run.oci.delegate-cgroup": "sub"} | .hooks = {prestart: [{path: "/bin/sh", args: ["sh", "-c", "touch \($f)"]}]}' --arg f "$BATS_TEST_TMPDIR/began"
	fails '/annotations/run.oci.delegate-cgroup' rt --allow-annotation 'run.oci.*' --cgroup-manager disabled create --bundle "$BUNDLE" "$ID"
	[[ ! -e $BATS_TEST_TMPDIR/began ]]
	nothing_left
}

# So many that they do not fit into one message.
@test "many devices in a user namespace" {
	rm -rf "$BATS_TEST_TMPDIR/rootfs"
	cp -a "$ROOTFS" "$BATS_TEST_TMPDIR/rootfs"
	chown -R 100000:100000 "$BATS_TEST_TMPDIR/rootfs"
	chmod a+x "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/.." "$BATS_TEST_TMPDIR/../.." "$BATS_RUN_TMPDIR"
	local users='.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
	ROOTFS=$BATS_TEST_TMPDIR/rootfs config "$users"' | .process.args = ["sh", "-c", "ls /dev/many | wc -l"]
		| .linux.devices = [range(100) | {path: "/dev/many/\(.)", type: "c", major: 1, minor: 3}]'
	run_fg
	equals "$output" 100
	ROOTFS=$BATS_TEST_TMPDIR/rootfs config "$users"' | .linux.devices = [range(300) | {path: "/dev/many/\(.)", type: "c", major: 1, minor: 3}]'
	refused '/linux/devices'
}
