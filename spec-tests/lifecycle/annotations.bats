#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Annotations that change what is done (docs/annotations.md): off unless --allow-annotation, and seen from the kernel's side when on.
load ../lib/helpers
setup_file() {
	common_setup_file
	needs python3
}
setup() {
	common_setup
	is_masu || skip "the option is masu's"
	SEEN=$BATS_TEST_TMPDIR/seen
	SOCKET=$BATS_TEST_TMPDIR/agent.sock
}
teardown() {
	[[ -z ${helper_pid:-} ]] || kill "$helper_pid" 2>/dev/null || true
	# Shared by the tests of this file, one of which gives it away.
	[[ ! -d ${ROOTFS:-}/tmp ]] || chown -R 0:0 "$ROOTFS/tmp"
	common_teardown
}

allow() { rtq --allow-annotation "$1" "${@:2}"; }
# PATTERN [ARGS...]: in the foreground, output in $output.
run_allowed() {
	status=0
	rt --allow-annotation "$1" run --bundle "$BUNDLE" "${@:2}" "$ID" </dev/null >"$OUT" 2>"$ERR" || status=$?
	output=$(<"$OUT") errors=$(<"$ERR")
	echo "status $status, stdout: $output, stderr: $errors"
}
# PROGRAM: a helper of lib/ that listens at $SOCKET and notes what it gets.
listens() {
	rm -f "$SOCKET" "$SEEN"
	env -u MASU_TEST_ID timeout "${RT_TIMEOUT:-60}" python3 "$lib/$1" "$SOCKET" "$SEEN" "${@:2}" 3>&- &
	helper_pid=$!
	wait_for 10 grep -qs ready "$SEEN"
}
all_hooks() {
	config '.hooks = ([$kinds[] | {key: ., value: [{path: "/bin/sh", args: ["sh", "-c", "echo \(.) out; echo \(.) err >&2"]}]}] | from_entries)
		| .process.args = ["true"]
		| .annotations = {"run.oci.hooks.stdout": $out, "run.oci.hooks.stderr": $err}' \
		--argjson kinds '["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]' \
		--arg out "$BATS_TEST_TMPDIR/hooks.out" --arg err "$BATS_TEST_TMPDIR/hooks.err"
}

@test "hooks.stdout, hooks.stderr: all six kinds, appended, and the later commands need no option" {
	all_hooks
	echo before >"$BATS_TEST_TMPDIR/hooks.out"
	allow 'run.oci.hooks.*' create --bundle "$BUNDLE" "$ID"
	start
	wait_for 10 status_is stopped
	rtq delete "$ID"
	equals "$(tr '\n' ' ' <"$BATS_TEST_TMPDIR/hooks.out")" "before prestart out createRuntime out createContainer out startContainer out poststart out poststop out "
	equals "$(grep -c ' err$' "$BATS_TEST_TMPDIR/hooks.err")" 6
	equals "$(stat -c '%a %u' "$BATS_TEST_TMPDIR/hooks.err")" "600 0"
}

@test "hooks.stdout: not allowed: no file is made, the hooks write to stderr, and a warning says why" {
	all_hooks
	rtq --log-level warning run --bundle "$BUNDLE" "$ID"
	[[ ! -e $BATS_TEST_TMPDIR/hooks.out ]]
	grep -q "prestart out" "$ERR"
	grep -q 'run.oci.hooks.stdout. is ignored: it needs the option --allow-annotation' "$ERR"
}

@test "hooks.stdout: what cannot be opened is an error, and there is no container" {
	all_hooks
	config_patch '.annotations["run.oci.hooks.stdout"] = "/proc/no/such"'
	fails "/annotations/run.oci.hooks.stdout.*/proc/no/such" allow 'run.oci.*' create --bundle "$BUNDLE" "$ID"
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	config_patch '.annotations["run.oci.hooks.stdout"] = $f' --arg f "$BATS_TEST_TMPDIR/fifo"
	fails "open hook output" allow 'run.oci.*' create --bundle "$BUNDLE" "$ID"
	nothing_left
}

@test "keep_original_groups: those of the caller, in run and exec; without the option none" {
	needs setpriv
	config '.annotations = {"run.oci.keep_original_groups": "1"} | .process.user.additionalGids = [7]
		| .process.args = ["sh", "-c", "grep Groups /proc/self/status; sleep 100"]'
	timeout "${RT_TIMEOUT:-30}" setpriv --groups 4242,4243 "$RUNTIME" --root "$ROOT" --allow-annotation run.oci.keep_original_groups \
		run --detach --bundle "$BUNDLE" "$ID" </dev/null >"$OUT" 2>&1 3>&-
	wait_for 10 grep -q Groups "$OUT"
	equals "$(grep -o '[0-9].*[0-9]' "$OUT")" "4242 4243"
	equals "$(grep Groups "/proc/$(state pid)/status" | grep -o '[0-9].*[0-9]')" "4242 4243"
	timeout "${RT_TIMEOUT:-30}" setpriv --groups 4244 "$RUNTIME" --root "$ROOT" exec "$ID" grep Groups /proc/self/status </dev/null >"$OUT" 3>&-
	equals "$(grep -o '[0-9].*[0-9]' "$OUT")" 4244
	rtq delete --force "$ID"
	config_patch '.process.args = ["grep", "Groups", "/proc/self/status"]'
	timeout "${RT_TIMEOUT:-30}" setpriv --groups 4242 "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null >"$OUT" 3>&-
	equals "$(grep -o '[0-9]*[0-9]' "$OUT")" 7
}

@test "keep_original_groups: with a user namespace" {
	needs setpriv
	config '.annotations = {"run.oci.keep_original_groups": "1"} | .process.args = ["grep", "Groups", "/proc/self/status"]
		| .linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	timeout "${RT_TIMEOUT:-30}" setpriv --groups 4242 "$RUNTIME" --root "$ROOT" --allow-annotation 'run.oci.k*' run --bundle "$BUNDLE" "$ID" </dev/null >"$OUT" 3>&-
	equals "$(grep -o '[0-9]*[0-9]' "$OUT")" 4242
}

@test "pidfd_receiver: one descriptor of the container's first process" {
	config '.annotations = {"run.oci.pidfd_receiver": $s}' --arg s "$SOCKET"
	listens receive.py
	allow run.oci.pidfd_receiver create --bundle "$BUNDLE" "$ID"
	wait_for 10 grep -q payload "$SEEN"
	equals "$(jq -r 'select(.payload) | "\(.pid) \(.fds)"' "$SEEN")" "$(state pid) 1"
	rtq delete --force "$ID"
	rm "$SOCKET"
	fails "send pidfd" allow run.oci.pidfd_receiver create --bundle "$BUNDLE" "$ID"
	nothing_left
}

@test "seccomp.receiver: the agent gets the listener, at start and at exec; listenerPath goes before" {
	config '.annotations = {"run.oci.seccomp.receiver": $s} | .process.args = ["sh", "-c", "mkdir /tmp/x; echo $?"]
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_NOTIFY"}]}' --arg s "$SOCKET"
	listens agent.py 28
	run_allowed 'run.oci.seccomp.*'
	equals "$status $output" "0 1"
	matches "$errors" "No space left"
	fails "/linux/seccomp/listenerPath" rtq create --bundle "$BUNDLE" "$ID"
	config_patch '.process.args = ["sleep", "100"]'
	listens agent.py
	allow 'run.oci.seccomp.*' create --bundle "$BUNDLE" "$ID"
	start
	status_is running
	kill "$helper_pid"
	listens agent.py 28
	fails "No space left" rtq exec "$ID" mkdir /tmp/y
	rtq delete --force "$ID"
	config_patch '.linux.seccomp.listenerPath = $s | .annotations["run.oci.seccomp.receiver"] = "/nobody" | .process.args = ["mkdir", "/tmp/x"]' --arg s "$SOCKET"
	listens agent.py 28
	run_allowed 'run.oci.seccomp.*'
	matches "$errors" "No space left"
}

@test "seccomp_fail_unknown_syscall: an error with its place; 0 is off; needs no option" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "no_such_call"], action: "SCMP_ACT_ERRNO"}]}
		| .annotations = {"run.oci.seccomp_fail_unknown_syscall": "1"} | .process.args = ["true"]'
	fails "/linux/seccomp/syscalls/0/names/1.*no_such_call" create
	config_patch '.annotations["run.oci.seccomp_fail_unknown_syscall"] = "0"'
	run_fg
	equals "$status" 0
}

# K...: a program of one answer per system call number, then ALLOW; base64.
raw_filter() {
	python3 - "$@" <<-'PY'
		import base64, struct, sys
		rows = [(0x20, 0, 0, 0)]
		for pair in sys.argv[1:]:
		    nr, answer = (int(x, 0) for x in pair.split("="))
		    rows += [(0x15, 0, 1, nr), (0x06, 0, 0, answer)]
		rows.append((0x06, 0, 0, 0x7fff0000))
		print(base64.b64encode(b"".join(struct.pack("<HBBI", *r) for r in rows)).decode())
	PY
}

@test "seccomp_bpf_data: the filter in force, in run and exec, is exactly this program" {
	[[ $(uname -m) == x86_64 ]] || skip "the numbers are those of x86_64"
	config '.annotations = {"run.oci.seccomp_bpf_data": $f} | .process.args = ["sh", "-c", "mkdir /tmp/raw; grep ^Seccomp: /proc/self/status; sleep 100"]
		| .linux.seccomp = {defaultAction: "SCMP_ACT_KILL_PROCESS"}' --arg f "$(raw_filter 83=0x5001c)"
	status=0
	rt --allow-annotation run.oci.seccomp_bpf_data run --detach --bundle "$BUNDLE" "$ID" </dev/null >"$OUT" 2>&1 || status=$?
	equals "$status" 0
	wait_for 10 grep -q Seccomp "$OUT"
	grep -q "No space left" "$OUT"
	grep -q "Seccomp:.*2" "$OUT"
	equals "$(grep Seccomp_filters "/proc/$(state pid)/status" | grep -o '[0-9]*')" 1
	fails "No space left" rtq exec "$ID" mkdir /tmp/raw
	rtq delete --force "$ID"
	# not allowed: the document's own filter, which kills
	config_patch '.process.args = ["true"]'
	run_fg
	equals "$status" 159
}

@test "seccomp_bpf_data: without a profile in the document, and notifying" {
	[[ $(uname -m) == x86_64 ]] || skip "the numbers are those of x86_64"
	config '.annotations = {"run.oci.seccomp_bpf_data": $f, "run.oci.seccomp.receiver": $s} | .process.args = ["mkdir", "/tmp/raw"]' \
		--arg f "$(raw_filter 83=0x7fc00000)" --arg s "$SOCKET"
	fails "listenerPath" allow run.oci.seccomp_bpf_data create --bundle "$BUNDLE" "$ID"
	listens agent.py 28
	run_allowed 'run.oci.seccomp*'
	matches "$errors" "No space left"
}

# ARGS...: the runtime on a host with nothing but cgroup v2.
on_v2() {
	timeout -k 5 "${RT_TIMEOUT:-30}" unshare --mount bash -c '[[ -e /sys/fs/cgroup/cgroup.controllers ]] || mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"' bash "$RUNTIME" --root "$ROOT" "$@" </dev/null >"$OUT" 2>"$ERR" 3>&- ||
		{ cat "$ERR"; return 1; }
}
unified() { if [[ -d /sys/fs/cgroup/unified ]]; then echo /sys/fs/cgroup/unified; else echo /sys/fs/cgroup; fi; }

@test "delegate-cgroup: the process in a cgroup of its own below the limits, owned by the container's root" {
	config '.annotations = {"run.oci.delegate-cgroup": "payload/a"} | .linux.namespaces += [{type: "user"}, {type: "cgroup"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 5000, size: 1000}] | .linux.gidMappings = .linux.uidMappings
		| .mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["rw"]}]
		| .process.args = ["sh", "-c", "cat /proc/self/cgroup; mkdir /sys/fs/cgroup/payload/a/mine && rmdir /sys/fs/cgroup/payload/a/mine && echo made; sleep 100"]
		| del(.linux.resources)'
	chown -R 5000:5000 "$ROOTFS/tmp"
	on_v2 --allow-annotation run.oci.delegate-cgroup run --detach --bundle "$BUNDLE" "$ID"
	local pid cgroup
	pid=$(state pid)
	cgroup=$(unified)/$ID
	wait_for 10 grep -q made "$OUT"
	grep -q '^0::/payload/a$' "$OUT"
	grep -q "^0::/$ID/payload/a$" "/proc/$pid/cgroup"
	grep -qx "$pid" "$cgroup/payload/a/cgroup.procs"
	equals "$(wc -l <"$cgroup/cgroup.procs")" 0
	equals "$(stat -c %u "$cgroup/payload/a" "$cgroup/payload/a/cgroup.procs" "$cgroup" | tr '\n' ' ')" "5000 5000 5000 "
	on_v2 exec "$ID" cat /proc/self/cgroup
	grep -q '^0::/payload/a' "$OUT"
	on_v2 delete --force "$ID"
	[[ ! -d $cgroup ]]
}

@test "delegate-cgroup: cgroup v1 is an error, and nothing is left" {
	[[ -d /sys/fs/cgroup/memory ]] || skip "this host has cgroup v2 alone"
	config '.annotations = {"run.oci.delegate-cgroup": "payload"}'
	fails "/annotations/run.oci.delegate-cgroup.*only cgroup v2" allow '*' create --bundle "$BUNDLE" "$ID"
	nothing_left
	create
	rtq delete --force "$ID"
}

@test "handler, seccomp.plugins, force_cgroup_v1: refused, allowed or not; an empty handler is none" {
	local key
	for key in run.oci.handler run.oci.seccomp.plugins run.oci.systemd.force_cgroup_v1; do
		config '.annotations = {($k): "/x"}' --arg k "$key"
		fails "/annotations/$key" create
		fails "/annotations/$key" allow '*' create --bundle "$BUNDLE" "$ID"
	done
	config '.annotations = {"run.oci.handler": "", "krun.cpus": "2", "module.wasm.image/variant": "compat", "run.oci.no_such": "x", "org.example": "y"}
		| .process.args = ["true"]'
	rtq --log-level warning run --bundle "$BUNDLE" "$ID"
	equals "$(grep -c 'has no effect' "$ERR")" 2
}

@test "features lists what needs the option" {
	equals "$(rt features | jq -c '.potentiallyUnsafeConfigAnnotations | contains(["run.oci.hooks.stdout", "org.systemd.property.", "org.criu.config"])')" true
}
