#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# exec: a second process with the container's namespaces, cgroup, rights.
load ../lib/helpers
setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

ex() {
	status=0
	rt exec "$@" </dev/null >"$OUT" 2>"$ERR" || status=$?
	output=$(cat "$OUT")
	echo "status $status, stdout: $output, stderr: $(cat "$ERR")"
}

@test "exec: output, exit codes, stdin" {
	run_detached
	ex "$ID" echo hello
	equals "$status $output" "0 hello"
	local code
	for code in 0 1 42 126 255; do
		ex "$ID" sh -c "exit $code"
		equals "$status" $code
	done
	ex "$ID" sh -c 'kill -9 $$'
	equals "$status" 137
	equals "$(echo in | rt exec "$ID" sh -c 'read x; echo "got $x"')" "got in"
}

@test "exec: after -- and with options of the command" {
	run_detached
	ex "$ID" sh -c 'echo "$1 $2"' sh --cwd -x
	equals "$output" "--cwd -x"
	ex -- "$ID" echo -n x
	equals "$output" "x"
}

@test "exec: the same namespaces, cgroup, root" {
	config '.linux.namespaces += [{"type": "cgroup"}]'
	run_detached
	local pid ns
	pid=$(state pid)
	for ns in pid net ipc uts mnt user cgroup; do
		ex "$ID" readlink "/proc/self/ns/$ns"
		equals "$output" "$(readlink "/proc/$pid/ns/$ns")"
	done
	ex "$ID" sh -c 'sleep 5 >/dev/null 2>&1 & echo started'
	local p
	p=$(processes_of_test | awk '/sleep 5/{print $1}' | head -n 1)
	equals "$(cat "/proc/$p/cgroup")" "$(cat "/proc/$pid/cgroup")"
	ex "$ID" hostname
	equals "$output" box
}

@test "exec: rights of the document" {
	run_detached
	ex "$ID" grep -E '^(Cap|NoNewPrivs|Groups)' /proc/self/status
	local inside=$output
	equals "$inside" "$(rt exec "$ID" grep -E '^(Cap|NoNewPrivs|Groups)' /proc/1/status </dev/null)"
	ex "$ID" sh -c 'ulimit -n'
	equals "$output" 1024
}

@test "exec: --env, --cwd, --user, --additional-gids" {
	config '.process.env += ["KEEP=1", "OVER=old"]'
	run_detached
	ex --env A=1 --env "B=2 3" --env OVER=new "$ID" sh -c 'echo "$A $B $OVER $KEEP"'
	equals "$output" "1 2 3 new 1"
	ex -e A=1 "$ID" sh -c 'echo $A'
	equals "$output" 1
	ex --cwd /tmp "$ID" pwd
	equals "$output" /tmp
	ex --user 1000:50 "$ID" sh -c 'id -u; id -g'
	equals "$output" $'1000\n50'
	ex --user 1000 "$ID" id -u
	equals "$output" 1000
	fails . rtq exec --user nobody "$ID" true
	[[ $(basename "$RUNTIME") != crun ]] || skip "crun has no --additional-gids"
	ex --user 1000:1000 --additional-gids 60 --additional-gids 70 "$ID" id -G
	equals "$output" "1000 60 70"
}

@test "exec: --cap adds, --no-new-privs sets" {
	config '.process.noNewPrivileges = false'
	run_detached
	ex --cap CAP_SYS_TIME "$ID" grep CapEff /proc/self/status
	(((0x$(awk '{print $2}' <<<"$output") >> 25) & 1))
	ex "$ID" grep CapEff /proc/self/status
	((((0x$(awk '{print $2}' <<<"$output") >> 25) & 1) == 0))
	ex "$ID" grep NoNewPrivs /proc/self/status
	matches "$output" '0$'
	ex --no-new-privs "$ID" grep NoNewPrivs /proc/self/status
	matches "$output" '1$'
}

@test "exec: --process" {
	run_detached
	jq -n '{args: ["sh", "-c", "echo $X; pwd; id -u; ulimit -n; grep NoNewPrivs /proc/self/status; exit 9"], cwd: "/tmp", env: ["PATH=/bin", "X=doc"],
		user: {uid: 1000, gid: 1000}, rlimits: [{type: "RLIMIT_NOFILE", soft: 64, hard: 64}], noNewPrivileges: true}' >"$BATS_TEST_TMPDIR/process.json"
	ex --process "$BATS_TEST_TMPDIR/process.json" "$ID"
	equals "$status" 9
	equals "$output" $'doc\n/tmp\n1000\n64\nNoNewPrivs:\t1'
	echo '{"args": "no"}' >"$BATS_TEST_TMPDIR/process.json"
	fails . rtq exec --process "$BATS_TEST_TMPDIR/process.json" "$ID"
}

@test "exec --detach: pid file without newline, process runs on" {
	run_detached
	rtq exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" sleep 77
	equals "$(od -An -c "$BATS_TEST_TMPDIR/pid" | tr -d ' \n0-9')" ""
	wait_for 3 eval 'tr "\0" " " <"/proc/$(cat "$BATS_TEST_TMPDIR/pid")/cmdline" | grep -q "^sleep 77"'
	rtq delete --force "$ID"
	nothing_left
}

@test "exec: a program that is not there" {
	run_detached
	fails 'not found|no such file' rtq exec "$ID" nosuchprogram
	fails 'no such file' rtq exec "$ID" /no/such/program
	fails 'permission denied' rtq exec "$ID" /etc/passwd
	rm -f "$BATS_TEST_TMPDIR/pid"
	fails . rtq exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" nosuchprogram
	[[ ! -e $BATS_TEST_TMPDIR/pid ]]
	status_is running
}

@test "exec: stopped is an error, created works" {
	config_args true
	create
	ex "$ID" echo early
	equals "$status $output" "0 early"
	start
	wait_for 5 status_is stopped
	fails 'stopped|not running' rtq exec "$ID" true
}

@test "exec: --preserve-fds" {
	run_detached
	echo three >"$BATS_TEST_TMPDIR/3"
	output=$(timeout "${RT_TIMEOUT:-30}" "$RUNTIME" --root "$ROOT" exec --preserve-fds 1 "$ID" sh -c 'cat <&3' </dev/null 3<"$BATS_TEST_TMPDIR/3" 4</dev/null)
	equals "$output" three
	# no descriptor of the runtime stays open
	equals "$(rt exec "$ID" sh -c 'ls /proc/$$/fd; :' </dev/null)" $'0\n1\n2'
}

@test "exec: many at once" {
	local i n=0
	run_detached
	for i in $(seq 20); do
		rt exec "$ID" sh -c "exit $((i % 3))" </dev/null >/dev/null 2>"$BATS_TEST_TMPDIR/err$i" &
		eval "p$i=$!"
	done
	for i in $(seq 20); do
		local code=0 p=p$i
		wait "${!p}" || code=$?
		((code == i % 3)) || { cat "$BATS_TEST_TMPDIR/err$i"; ((++n)); }
	done
	equals $n 0
}

@test "exec: a container with a user namespace" {
	rm -rf "$BATS_TEST_TMPDIR/rootfs"
	cp -a "$ROOTFS" "$BATS_TEST_TMPDIR/rootfs"
	chown -R 100000:100000 "$BATS_TEST_TMPDIR/rootfs"
	chmod a+x "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/.." "$BATS_TEST_TMPDIR/../.." "$BATS_RUN_TMPDIR"
	ROOTFS=$BATS_TEST_TMPDIR/rootfs config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
	run_detached
	ex "$ID" sh -c 'id -u; cat /proc/self/uid_map | tr -s " "'
	equals "$output" $'0\n 0 100000 65536'
	ex --user 1000:1000 "$ID" id -u
	equals "$output" 1000
}
