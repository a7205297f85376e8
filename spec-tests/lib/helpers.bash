# SPDX-License-Identifier: Apache-2.0
# For the bats files: a bundle, a state directory and an id per test, and the proof that nothing stays behind.
# RUNTIME selects the program under test (default: the masu of the build directory).

srcdir=${MASU_SRCDIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
RUNTIME=${RUNTIME:-${MASU_BUILDDIR:-$srcdir/build}/masu}
lib=$srcdir/spec-tests/lib
# shellcheck source=spec-tests/lib/bundle.bash
. "$lib/bundle.bash"

is_masu() { [[ $(basename "$RUNTIME") == masu* ]]; }
needs_root() { [[ $(id -u) == 0 ]] || skip "needs root"; }
needs() { command -v "$1" >/dev/null || skip "needs $1"; }

common_setup_file() {
	[[ -n $(bundle_busybox) ]] || skip "needs a static busybox"
	command -v jq >/dev/null || skip "needs jq"
	bundle_rootfs "$BATS_FILE_TMPDIR/rootfs"
}

common_setup() {
	needs_root
	ROOTFS=$BATS_FILE_TMPDIR/rootfs
	BUNDLE=$BATS_TEST_TMPDIR/bundle
	ROOT=$BATS_TEST_TMPDIR/state
	ID=mt$$-${BATS_TEST_NUMBER:-0}
	ERR=$BATS_TEST_TMPDIR/stderr
	OUT=$BATS_TEST_TMPDIR/stdout
	export MASU_TEST_ID=$ID
	mkdir -p "$ROOT"
	mounts_before=$(mounts_of_test)
	config .
}

# Stops what is left, then says whether the runtime had left something itself.
common_teardown() {
	local id
	[[ -n ${ROOT:-} ]] || return 0
	for id in $(ls "$ROOT" 2>/dev/null); do
		rt delete --force "$id" >/dev/null 2>&1 3>&- </dev/null || true
	done
	local failed=0
	nothing_left || failed=1
	# What it left must not disturb the next test.
	local left
	left=$(processes_of_test | cut -d' ' -f1)
	[[ -z $left ]] || kill -KILL $left 2>/dev/null || true
	cgroups_of_test | sort -r | xargs -r rmdir 2>/dev/null || true
	return $failed
}

# FILTER [JQ OPTIONS]: config.json of the bundle, the common document changed by FILTER.
config() {
	bundle_make "$BUNDLE" "$ROOTFS" ".linux.cgroupsPath = \"/$ID\" | .process.env += [\"MASU_TEST_ID=$ID\"] | $1" "${@:2}"
}
# ARGS...: the common document with these process.args.
config_args() { config '.process.args = $words' --argjson words "$(printf '%s\036' "$@" | jq -Rsc 'split("\u001e")[:-1]')"; }
# FILTER: changes the present config.json.
config_patch() {
	jq "$@" "$BUNDLE/config.json" >"$BUNDLE/config.json.new"
	mv "$BUNDLE/config.json.new" "$BUNDLE/config.json"
}

# The runtime. Nothing of bats may be inherited by a container: it would wait for ever.
rt() { timeout -k 5 "${RT_TIMEOUT:-30}" "$RUNTIME" --root "$ROOT" "$@" 3>&-; }
# As rt with the streams in $OUT and $ERR and no stdin; sets status and prints stderr.
rtq() {
	status=0
	rt "$@" </dev/null >"$OUT" 2>"$ERR" || status=$?
	cat "$ERR"
	return $status
}
create() { rtq create --bundle "$BUNDLE" "$@" "$ID"; }
start() { rtq start "$ID"; }
run_detached() { rtq run --detach --bundle "$BUNDLE" "$@" "$ID"; }
# Runs in the foreground: output holds stdout, errors stderr, status the exit code.
run_fg() {
	status=0
	rt run --bundle "$BUNDLE" "$@" "$ID" </dev/null >"$OUT" 2>"$ERR" || status=$?
	output=$(cat "$OUT")
	errors=$(cat "$ERR")
	echo "status $status, stdout: $output, stderr: $errors"
}
# Expects a failure and its text: fails "REGEX" COMMAND...
fails() {
	local re=$1 s=0
	shift
	"$@" >"$BATS_TEST_TMPDIR/fails" 2>&1 || s=$?
	echo "exit $s: $(cat "$BATS_TEST_TMPDIR/fails")"
	case $s in 0 | 124 | 134 | 137 | 139) return 1 ;; esac
	grep -qiE -- "$re" "$BATS_TEST_TMPDIR/fails"
}
state() { rt state "${2:-$ID}" </dev/null 2>/dev/null | jq -r ".$1"; }
status_is() { [[ $(state status) == "$1" ]] || { echo "status is '$(state status)', wanted '$1'"; return 1; }; }
# [FILTER]: a container that waits for go, then wants more memory than it may have; its events go to $OUT from before that, by $follower.
oom_when_followed() {
	config '.process.args = ["sh", "-c", "while [ ! -e /tmp/go-$MASU_TEST_ID ]; do sleep 0.1; done; tail -c 80000000 /dev/zero; sleep 1000"]
		| .linux.resources.memory = {"limit": 20971520, "swap": 20971520}'" | ${1:-.}"
	run_detached
	rt events --interval 60s "$ID" </dev/null >"$OUT" 2>"$ERR" &
	follower=$!
	# The first statistics are told when it has begun to look.
	wait_for 20 grep -q '"stats"' "$OUT"
	touch "$ROOTFS/tmp/go-$ID"
	wait_for 20 grep -q '"oom"' "$OUT"
	# Told while the container is there.
	status_is running
	rt kill "$ID" KILL </dev/null
	wait_for 20 refute kill -0 "$follower"
	wait "$follower"
	rm -f "$ROOTFS/tmp/go-$ID"
	# Version 1 signals whenever somebody is in want of memory, so also while who was killed for it has not gone yet; version 2 counts the killed.
	local most=1
	[[ ! -e /sys/fs/cgroup/memory/memory.oom_control ]] || most=100
	jq -se --arg id "$ID" --argjson most $most 'map(select(.type == "oom")) | length >= 1 and length <= $most
		and all(.id == $id and (keys | sort) == ["id", "type"])' "$OUT"
}
# SECONDS COMMAND...: until it succeeds. A slow machine sets WAIT_FACTOR.
wait_for() {
	local end=$((SECONDS + $1 * ${WAIT_FACTOR:-1}))
	shift
	until "$@"; do
		((SECONDS < end)) || { echo "no: $*"; return 1; }
		sleep 0.02
	done
}
# PID: it has left this process's network namespace.
other_namespace() { [[ $(readlink "/proc/$1/ns/net") != "$(readlink /proc/self/ns/net)" ]]; }
# bats does not see the failure of a plain "! command".
refute() { ! "$@"; }
equals() { [[ $1 == "$2" ]] || { printf 'got    %q\nwanted %q\n' "$1" "$2"; return 1; }; }
matches() { [[ $1 =~ $2 ]] || { printf 'got    %q\nwanted /%s/\n' "$1" "$2"; return 1; }; }

# find fails when somebody else's cgroup vanishes under it.
cgroups_of_test() { find /sys/fs/cgroup -type d -name "*$ID*" 2>/dev/null || true; }
mounts_of_test() { grep -F "$BATS_TEST_TMPDIR" /proc/self/mountinfo || true; }
processes_of_test() {
	local p
	for p in $(grep -lsz "^MASU_TEST_ID=$ID" /proc/[0-9]*/environ | cut -d/ -f3); do
		[[ $p == "$$" || $p == "$BASHPID" || ! -e /proc/$p ]] || echo "$p $(tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null)"
	done | grep -vE '^[0-9]+ (grep|cut|cat|sleep 0|bash /usr/lib|bash /usr/libexec)' || true
}
nothing_left() {
	local what left bad=0 end
	for what in cgroups mounts processes; do
		left=$(${what}_of_test)
		# A killed process is gone a moment later.
		end=$((SECONDS + 2 * ${WAIT_FACTOR:-1}))
		while [[ $what != mounts && -n $left ]] && ((SECONDS < end)); do
			sleep 0.1
			left=$(${what}_of_test)
		done
		[[ $what != mounts || $left != "${mounts_before:-}" ]] || continue
		[[ -z $left ]] || { echo "left behind: $what: $left"; bad=1; }
	done
	[[ ! -e $ROOT/$ID ]] || { echo "left behind: $ROOT/$ID"; bad=1; }
	return $bad
}
