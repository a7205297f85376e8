#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The command line and what callers read: option forms, version, help, log, features, spec.
load ../lib/helpers
setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

@test "--version: the lines that callers read" {
	"$RUNTIME" --version >"$OUT"
	cat "$OUT"
	matches "$(head -n 1 "$OUT")" '^[a-z]+ version [0-9]+\.[0-9]+\.[0-9]+'
	grep -q '^commit: ' "$OUT"
	grep -qE '^spec: 1\.[0-9]+\.[0-9]+' "$OUT"
}

@test "--help of the program and of each command" {
	local c
	"$RUNTIME" --help >"$OUT"
	for c in create start state kill delete run exec list spec features; do
		grep -qw "$c" "$OUT"
		"$RUNTIME" $c --help >"$OUT.2"
		grep -q "$c" "$OUT.2"
	done
}

@test "usage errors" {
	fails . "$RUNTIME" nosuchcommand
	fails . "$RUNTIME"  create --nosuchoption x
	fails . rtq create --bundle "$BUNDLE"
	fails . rtq create --bundle "$BUNDLE" a b
	fails . rtq state
	fails . rtq create --bundle
	fails . rtq --log-format xml list
}

@test "options after the id, with = and with one dash" {
	is_masu || skip "not promised by others"
	rtq create "$ID" --bundle "$BUNDLE"
	rtq delete "$ID" --force
	rtq create --bundle="$BUNDLE" -- "$ID"
	rtq delete -f "$ID"
	rtq create -bundle "$BUNDLE" -no-new-keyring "$ID"
	rtq kill "$ID" --all KILL
	rtq delete -force "$ID"
	nothing_left
}

@test "--bundle defaults to the current directory, --config names the document" {
	(cd "$BUNDLE" && rtq create "$ID")
	rtq delete --force "$ID"
	[[ $(basename "$RUNTIME") != runc ]] || skip "runc has no --config"
	mv "$BUNDLE/config.json" "$BUNDLE/other.json"
	create --config other.json
	status_is created
}

@test "--log --log-format json: one object with level, msg, time" {
	config_args /no/such/program
	fails . rtq --log "$BATS_TEST_TMPDIR/log.json" --log-format json create --bundle "$BUNDLE" "$ID"
	cat "$BATS_TEST_TMPDIR/log.json"
	jq -se 'map(select(.level == "error")) | length == 1' "$BATS_TEST_TMPDIR/log.json"
	jq -e '(.msg | length > 0) and .level == "error" and (.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]+(\\.[0-9]+)?(Z|[+-][0-9:]+)$"))' "$BATS_TEST_TMPDIR/log.json"
	jq -re .msg "$BATS_TEST_TMPDIR/log.json" | grep -qE 'no such file or directory|No such file or directory'
	# a second failure is appended
	fails . rtq --log "$BATS_TEST_TMPDIR/log.json" --log-format=json create --bundle "$BUNDLE" "$ID"
	jq -se 'map(select(.level == "error")) | length == 2' "$BATS_TEST_TMPDIR/log.json"
}

@test "features: a document of the specification" {
	"$RUNTIME" features >"$OUT"
	jq -e '(.ociVersionMin | test("^1\\.0")) and (.ociVersionMax | test("^1\\."))
		and (.hooks | sort == ["createContainer", "createRuntime", "poststart", "poststop", "prestart", "startContainer"])
		and (.mountOptions | index("rro") and index("bind") and index("rbind"))
		and (.linux.namespaces | index("pid") and index("mount"))
		and (.linux.capabilities | index("CAP_CHOWN"))
		and .linux.seccomp.enabled and (.linux.seccomp.actions | index("SCMP_ACT_ERRNO"))
		and .linux.cgroup.v1 and .linux.cgroup.v2
		and .linux.mountExtensions.idmap.enabled' "$OUT" >/dev/null
}

@test "spec: writes a document that runs, and never over another one" {
	mkdir "$BATS_TEST_TMPDIR/new"
	(cd "$BATS_TEST_TMPDIR/new" && "$RUNTIME" spec)
	jq -e '.ociVersion and .process.args and .root.path' "$BATS_TEST_TMPDIR/new/config.json" >/dev/null
	fails 'exists' "$RUNTIME" spec --bundle "$BATS_TEST_TMPDIR/new"
	"$RUNTIME" spec --rootless --bundle "$BUNDLE/.." || true
	cp -al "$ROOTFS" "$BATS_TEST_TMPDIR/new/rootfs"
	cd "$BATS_TEST_TMPDIR/new"
	jq --arg id "$ID" '.process.terminal = false | .process.args = ["echo", "template"] | .linux.cgroupsPath = "/" + $id' config.json >x && mv x config.json
	BUNDLE=$BATS_TEST_TMPDIR/new run_fg
	equals "$status $output" "0 template"
}

@test "an empty value is an option that is not given" {
	is_masu || skip "crun and runc have no such rule"
	config_args sleep 1000
	run_detached --pid-file "" --console-socket "" --config ""
	rtq exec --process "" --cwd "" --apparmor "" "$ID" true
	rtq update --resources "" --cpu-share 512 "$ID"
	fails "expected a limit" rt update --resources "" "$ID"
	jq '.process | .args = ["sh", "-c", "echo from stdin"]' "$BUNDLE/config.json" >"$BATS_TEST_TMPDIR/process.json"
	equals "$(rt exec --process - "$ID" <"$BATS_TEST_TMPDIR/process.json")" "from stdin"
	rtq delete --force "$ID"
}

@test "--regex: each failure is told" {
	is_masu || skip "runc has no --regex, crun tells the first"
	local first=$ID
	config_args sleep 1000
	run_detached
	config '.process.args = ["sleep", "1000"] | .linux.cgroupsPath = $p' --arg p "/$ID-two"
	ID=$first-two run_detached
	fails "$first.* that is not stopped" rt delete --regex "^$first"
	grep -q "error: .*$first-two.* that is not stopped" "$BATS_TEST_TMPDIR/fails"
	rtq delete --force --regex "^$first"
}

@test "an empty XDG_RUNTIME_DIR counts as unset" {
	XDG_RUNTIME_DIR= "$RUNTIME" list -q >/dev/null
	[[ ! -e /masu && ! -e ./masu/state ]]
}
