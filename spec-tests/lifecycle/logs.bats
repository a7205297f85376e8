#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# --log and its targets, --log-format, --log-level.
load ../lib/helpers
setup_file() { common_setup_file; }
setup() {
	common_setup
	is_masu || skip "masu's own forms"
	SEEN=$BATS_TEST_TMPDIR/seen
}
teardown() { common_teardown; }

# [stream] -- COMMAND: in a world with log daemons of its own; $RT is the runtime. What they got is in $SEEN, the command's exit in status.
daemons() {
	local how=()
	while [[ $1 != -- ]]; do how+=("$1"); shift; done
	shift
	: >"$SEEN"
	status=0
	RT="$RUNTIME --root $ROOT" SEEN=$SEEN BUNDLE=$BUNDLE ID=$ID timeout -k 5 "${RT_TIMEOUT:-60}" unshare -m --propagation private bash -uc '
		mount -t tmpfs x /run && mount -t tmpfs x /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/zero c 1 5 || exit 99
		env -u MASU_TEST_ID '"$(command -v python3) $lib/logdaemon.py $SEEN ${how[*]:-}"' & d=$!
		while ! grep -qs ready $SEEN; do kill -0 $d || exit 98; sleep 0.02; done
		'"$1"'
		status=$?; kill $d; wait $d || exit 97; exit $status' </dev/null >"$OUT" 2>"$ERR" 3>&- || status=$?
	echo "exit $status"
	cat "$SEEN" "$ERR"
}
seen() { jq -r "select(.to) | $1" "$SEEN"; }

@test "journald: an error with its fields, the bare text on stderr" {
	needs python3
	daemons -- '$RT --log journald:mine kill nobody 9'
	equals "$status" 1
	equals "$(seen '"\(.MESSAGE) \(.PRIORITY) \(.SYSLOG_IDENTIFIER) \(.ID)"')" 'container `nobody` does not exist 3 mine nobody'
	equals "$(<"$ERR")" 'container `nobody` does not exist'
	daemons -- '$RT --log journald: list --frob'
	equals "$status" 1
	equals "$(seen .SYSLOG_IDENTIFIER)" masu
}

@test "journald: warnings and debug lines have their own priorities, an engine's JSON stays JSON" {
	needs python3
	config_patch '.process.capabilities.bounding += ["CAP_NO_SUCH"] | .process.args = ["true"]'
	daemons -- '$RT --log journald:x --log-level debug run --bundle $BUNDLE $ID'
	equals "$status" 0
	matches "$(seen 'select(.PRIORITY == "4") | .MESSAGE')" CAP_NO_SUCH
	equals "$(seen .ID | sort -u)" "$ID"
	daemons -- '$RT --log journald:x --log-format json kill nobody 9'
	equals "$status" 1
	seen .MESSAGE | jq -e '.level == "error" and .msg == "container `nobody` does not exist" and .time'
}

@test "journald: lines in a text stay one message" {
	needs python3
	daemons -- '$RT --log journald:x kill "$(printf "a\nPRIORITY=0")" 9'
	equals "$status" 1
	jq -se 'map(select(.to)) | length == 1 and .[0].PRIORITY == "3" and (.[0].MESSAGE | test("a.PRIORITY=0"; "s"))' "$SEEN"
}

@test "syslog: priority, time, name and process; to a stream as well" {
	needs python3
	daemons -- '$RT --log syslog:mine kill nobody 9'
	equals "$status" 1
	matches "$(seen .text)" '^<11>[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} mine\[[0-9]+\]: container `nobody` does not exist$'
	daemons stream -- '$RT --log syslog:mine kill nobody 9'
	equals "$status" 1
	matches "$(jq -c 'select(.text // "" | length > 0) | .text' "$SEEN")" 'does not exist\\u0000"$'
}

@test "a daemon that is not there is an error that names it" {
	fails 'connect to ./run/systemd/journal/socket.: No such file' unshare -m --propagation private bash -uc "mount -t tmpfs x /run; '$RUNTIME' --log journald:x list"
	fails 'connect to ./dev/log.: No such file' unshare -m --propagation private bash -uc "mount -t tmpfs x /dev; '$RUNTIME' --log syslog:x list"
}

@test "file: appended to, by the path or by file:PATH, 0644" {
	fails . rtq --log "$SEEN" kill nobody 9
	fails . rtq --log "file:$SEEN" --log-format json kill nobody 9
	equals "$(wc -l <"$SEEN") $(stat -c %a "$SEEN")" "2 644"
	matches "$(sed -n 1p "$SEEN")" '^time="[^"]*" level=error msg="container `nobody` does not exist"$'
	sed -n 2p "$SEEN" | jq -e '.level == "error"'
}

@test "levels: each shows its own and those before" {
	local level before=
	config_patch '.process.capabilities.bounding += ["CAP_NO_SUCH"] | .process.args = ["true"]'
	for level in error warning info debug trace; do
		rm -f "$SEEN"
		rtq --log "$SEEN" --log-format json --log-level $level run --bundle "$BUNDLE" "$ID"
		echo "$level: $(jq -r .level "$SEEN" | sort | uniq -c | xargs)"
		before+=" $level"
		jq -se --arg before "$before" '($before | split(" ")) as $b | all(.level as $l | $b | index($l))' "$SEEN"
		case $level in
		error) [[ ! -s $SEEN ]] ;;
		trace) jq -se 'any(.level == "trace")' "$SEEN" ;;
		esac
		[[ $level == error ]] || jq -se 'map(select(.level == "warning")) | length == 1 and (.[0].msg | contains("CAP_NO_SUCH"))' "$SEEN"
	done
	rm -f "$SEEN"
	fails . rtq --log "$SEEN" --log-format json --log-level error kill nobody 9
	equals "$(jq -r .level "$SEEN")" error
	rm -f "$SEEN"
	rtq --log "$SEEN" --log-format json run --bundle "$BUNDLE" "$ID"
	[[ ! -s $SEEN ]]
	rtq --debug --log "$SEEN" --log-format json run --bundle "$BUNDLE" "$ID"
	[[ -s $SEEN ]]
}
