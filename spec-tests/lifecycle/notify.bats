#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SCMP_ACT_NOTIFY: the agent at listenerPath gets the filter's listener and the container process state.
load ../lib/helpers
setup_file() {
	common_setup_file
	needs python3
}
setup() {
	common_setup
	AGENT=$BATS_TEST_TMPDIR/agent.sock
	SEEN=$BATS_TEST_TMPDIR/seen
}
teardown() {
	[[ -z ${agent_pid:-} ]] || kill "$agent_pid" 2>/dev/null || true
	common_teardown
}

# [ANSWER]: the agent, for one connection; it ends with the last process under the filter.
agent() {
	rm -f "$AGENT"
	timeout "${RT_TIMEOUT:-60}" python3 "$lib/agent.py" "$AGENT" "$SEEN" "$@" 3>&- &
	agent_pid=$!
	wait_for 10 grep -qs ready "$SEEN"
}
seen() { jq -c "select($1) | $2" "$SEEN"; }
# NAMES [DEFAULT]: a profile that asks about the system calls of the JSON list NAMES.
notify() {
	config "${3:-.} | .linux.seccomp = {defaultAction: \$default, listenerPath: \$path, listenerMetadata: \"meta \\\"data\\\"\",
		syscalls: (if \$names == [] then [] else [{names: \$names, action: \"SCMP_ACT_NOTIFY\"}] end)}" \
		--arg path "$AGENT" --argjson names "$1" --arg default "${2:-SCMP_ACT_ALLOW}"
}
# [FILTER]: a container that makes a directory, in a /tmp of its own; the agent answers 28, and nothing else says that no space is left.
mkdir_fails() {
	notify '["mkdir", "mkdirat"]' SCMP_ACT_ALLOW '.process.args = ["sh", "-c", "mkdir /tmp/x; echo $?"]
		| .mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["mode=1777"]}] | '"${1:-.}"
}
mkdir_was_refused() {
	equals "$status $output" "0 1"
	matches "$errors" "No space left"
}

@test "SEC-41 SEC-42 SEC-45 SEC-48 SEC-52: run: the exact document, one descriptor with it, and it works" {
	mkdir_fails
	config_patch '.annotations = {"k": "v"}'
	agent 28
	run_fg
	mkdir_was_refused
	equals "$(seen '.message' '.fds')" 1
	local pid
	pid=$(seen .end .end.pid)
	equals "$(seen .end .raw)" "$(jq -c . <<<"\"{\\\"ociVersion\\\":\\\"1.3.0\\\",\\\"fds\\\":[\\\"seccompFd\\\"],\\\"pid\\\":$pid,\\\"metadata\\\":\\\"meta \\\\\\\"data\\\\\\\"\\\",\\\"state\\\":{\\\"ociVersion\\\":\\\"1.3.0\\\",\\\"id\\\":\\\"$ID\\\",\\\"status\\\":\\\"creating\\\",\\\"pid\\\":$pid,\\\"bundle\\\":\\\"$BUNDLE\\\",\\\"annotations\\\":{\\\"k\\\":\\\"v\\\"}}}\"")"
}

@test "SEC-49: create and start: the host's process id, and the program that was asked for" {
	notify '["mkdir", "mkdirat"]'
	create
	agent
	start
	equals "$(seen .end .end.pid)" "$(state pid)"
	status_is running
	rtq delete --force "$ID"
}

@test "SEC-18 SEC-19 SEC-20: exec makes a connection of its own, which ends after one document" {
	notify '["mkdir", "mkdirat"]'
	agent
	run_detached
	local first=$SEEN
	SEEN=$BATS_TEST_TMPDIR/seen2 AGENT=$BATS_TEST_TMPDIR/agent.sock
	local init_agent=$agent_pid
	agent 13
	output=$(rt exec "$ID" sh -c 'mkdir /tmp/y || echo refused' </dev/null 2>&1)
	matches "$output" refused
	equals "$(jq -s 'map(select(.end)) | length' "$first" "$SEEN")" 2
	equals "$(seen .end .end.state.status)" '"running"'
	equals "$(seen .end .end.state.pid)" "$(state pid)"
	refute equals "$(seen .end .end.pid)" "$(state pid)"
	rtq delete --force "$ID"
	kill "$init_agent" 2>/dev/null || true
}

@test "the agent is asked about execve itself, and about everything" {
	notify '["execve"]' SCMP_ACT_ALLOW '.process.args = ["/bin/true"]'
	agent
	run_fg
	equals "$status" 0
	[[ $(seen .nr .nr | wc -l) == 1 ]]
	notify '[]' SCMP_ACT_NOTIFY '.process.args = ["/bin/true"]'
	SEEN=$BATS_TEST_TMPDIR/seen2
	agent
	run_fg
	equals "$status" 0
	(($(seen .nr .nr | wc -l) > 3))
}

@test "with flags: TSYNC, and WAIT_KILLABLE_RECV where the kernel has it" {
	mkdir_fails
	config_patch '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG"]'
	agent 28
	run_fg
	mkdir_was_refused
	rt features </dev/null | jq -e '.linux.seccomp.supportedFlags | index("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV")' ||
		skip "TSYNC is good; the kernel has no WAIT_KILLABLE_RECV"
	SEEN=$BATS_TEST_TMPDIR/seen2
	config_patch '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]'
	agent 28
	run_fg
	mkdir_was_refused
}

@test "as an unprivileged user, without and with a user namespace" {
	mkdir_fails '.process.user = {uid: 1000, gid: 1000} | .process.capabilities = {}'
	agent 28
	run_fg
	mkdir_was_refused
	SEEN=$BATS_TEST_TMPDIR/seen2
	config_patch '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	agent 28
	run_fg
	mkdir_was_refused
}

@test "nothing of it is left in the program: no descriptor, no memory" {
	notify '["mkdir", "mkdirat"]' SCMP_ACT_ALLOW '.process.args = ["sh", "-c", "ls /proc/self/fd | wc -l; cat /proc/self/maps"]'
	agent
	run_fg
	equals "${output%%$'\n'*}" 4
	refute grep -q masu <<<"$output"
}

@test "SEC-21: no agent, a wrong kind of socket: refused before the program, the container can still be started" {
	mkdir_fails
	create
	fails '/linux/seccomp/listenerPath: connect to seccomp agent' start
	status_is created
	python3 -c 'import socket, sys; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1])' "$AGENT"
	fails '/linux/seccomp/listenerPath: connect to seccomp agent' start
	agent 28
	start
	wait_for 5 status_is stopped
	rtq delete "$ID"
}

@test "SEC-22: without SCMP_ACT_NOTIFY the path is not looked at" {
	notify '[]' SCMP_ACT_ALLOW '.process.args = ["/bin/true"]'
	run_fg
	equals "$status" 0
}

@test "an execve that fails says so; a hook that fails comes before the agent" {
	notify '["mkdir"]' SCMP_ACT_ALLOW
	printf '#!/nowhere\n' >"$ROOTFS/bin/broken"
	chmod 755 "$ROOTFS/bin/broken"
	config_patch '.process.args = ["/bin/broken"]'
	agent
	fails 'broken' run_detached
	rm "$ROOTFS/bin/broken"
	config_patch '.process.args = ["/bin/true"] | .hooks.startContainer = [{path: "/bin/false"}]'
	SEEN=$BATS_TEST_TMPDIR/seen2
	agent
	fails startContainer run_detached
}

@test "masu dies before it takes the listener, or with the process behind its filter: the process ends at once" {
	needs strace
	is_masu || skip "where it can be killed is masu's own"
	mkdir_fails
	local pid when status
	# Its first look for the listener; when it has one and asks whether it is one; when it sends it to the agent.
	for when in pidfd_getfd ioctl sendmsg; do
		echo "== $when"
		create
		pid=$(state pid)
		SEEN=$BATS_TEST_TMPDIR/seen-$when agent 28
		status=0
		timeout "${RT_TIMEOUT:-60}" strace -o "$BATS_TEST_TMPDIR/trace" -e trace=$when -e inject="$when:signal=KILL:when=1" \
			"$RUNTIME" --root "$ROOT" start "$ID" </dev/null 3>&- 2>"$ERR" || status=$?
		equals "$status" 137
		[[ $when == pidfd_getfd ]] || grep -E "SECCOMP_IOCTL_NOTIF_ID_VALID|sendmsg.*ociVersion" "$BATS_TEST_TMPDIR/trace"
		wait_for 10 refute kill -0 "$pid"
		equals "$(jq -r 'select(.nr) | .nr' "$BATS_TEST_TMPDIR/seen-$when")" ""
		rtq delete --force "$ID"
	done
}
