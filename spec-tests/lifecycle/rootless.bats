#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Without root: a user namespace of the caller's own.
load ../lib/helpers
setup_file() {
	common_setup_file
	[[ $(id -u) == 0 ]] || skip "needs root to change to another user"
	command -v setpriv >/dev/null || skip "needs setpriv"
	setpriv --reuid 65500 --regid 65500 --clear-groups unshare -U true 2>/dev/null || skip "user namespaces are not allowed here"
}
setup() {
	common_setup
	HOME_DIR=$(mktemp -d /tmp/masu-rootless.XXXXXX)
	cp -a "$ROOTFS" "$HOME_DIR/rootfs"
	cp "$RUNTIME" "$HOME_DIR/runtime"
	mkdir "$HOME_DIR/state" "$HOME_DIR/run"
	ROOTFS=rootfs config '.linux.namespaces = [{"type": "pid"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}, {"type": "user"}, {"type": "cgroup"}, {"type": "network"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 65500, "size": 1}] | .linux.gidMappings = .linux.uidMappings
		| del(.linux.resources) | del(.linux.cgroupsPath) | (.mounts[] | select(.type == "devpts")).options = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]'
	cp "$BUNDLE/config.json" "$HOME_DIR/config.json"
	chown -R 65500:65500 "$HOME_DIR"
}
teardown() {
	[[ -z ${HOME_DIR:-} ]] || as_user --root "$HOME_DIR/state" delete --force "$ID" >/dev/null 2>&1 || true
	rm -rf "${HOME_DIR:-/nonexistent}"
	common_teardown
}
as_user() { timeout "${RT_TIMEOUT:-30}" setpriv --reuid 65500 --regid 65500 --clear-groups env -i PATH="$PATH" HOME="$HOME_DIR" XDG_RUNTIME_DIR="$HOME_DIR/run" MASU_TEST_ID="$ID" "$HOME_DIR/runtime" "$@" </dev/null 3>&-; }
patch() { jq "$@" "$HOME_DIR/config.json" >"$HOME_DIR/x" && mv "$HOME_DIR/x" "$HOME_DIR/config.json"; }

@test "run" {
	patch '.process.args = ["sh", "-c", "id -u; cat /proc/self/uid_map | tr -s \" \"; hostname; echo $$"]'
	as_user --root "$HOME_DIR/state" run --bundle "$HOME_DIR" "$ID" >"$OUT" 2>"$ERR" || { cat "$ERR"; false; }
	equals "$(cat "$OUT")" $'0\n 0 65500 1\nbox\n1'
}

@test "create, start, exec, kill, delete in the default directory" {
	cd "$HOME_DIR"
	as_user create "$ID" >"$OUT" 2>"$ERR" || { cat "$ERR"; false; }
	as_user start "$ID"
	equals "$(as_user exec "$ID" id -u)" 0
	equals "$(as_user state "$ID" | jq -r .status)" running
	[[ -n $(ls "$HOME_DIR"/run/*) ]]
	as_user kill "$ID" KILL
	wait_for 5 eval '[[ $(as_user state "$ID" | jq -r .status) == stopped ]]'
	as_user delete "$ID"
}

# No cgroup can be made: what is asked of one goes by /proc.
@test "kill --all and ps without a cgroup" {
	patch '.process.args = ["sh", "-c", "sleep 1000 & sleep 1000 & wait"] | .linux.cgroupsPath = "/masu-not-mine/'"$ID"'"'
	as_user --root "$HOME_DIR/state" run --detach --bundle "$HOME_DIR" "$ID" >"$OUT" 2>"$ERR" || { cat "$ERR"; false; }
	equals "$(as_user --root "$HOME_DIR/state" ps --format json "$ID" | jq length)" 3
	as_user --root "$HOME_DIR/state" kill --all "$ID" KILL
	wait_for 5 eval '[[ $(as_user --root "$HOME_DIR/state" state "$ID" | jq -r .status) == stopped ]]'
	as_user --root "$HOME_DIR/state" delete "$ID"
}

@test "ranges of /etc/subuid by newuidmap" {
	needs newuidmap
	patch '.linux.uidMappings += [{"containerID": 1, "hostID": 200000, "size": 1000}] | .linux.gidMappings = .linux.uidMappings | .process.args = ["cat", "/proc/self/uid_map", "/proc/self/gid_map"]'
	# a user with ranges, in a mount namespace that has its own idea of /etc
	(cat /etc/passwd; echo 'masutest:x:65500:65500::/:/bin/sh') >"$BATS_TEST_TMPDIR/passwd"
	(cat /etc/group; echo 'masutest:x:65500:') >"$BATS_TEST_TMPDIR/group"
	echo 'masutest:200000:1000' >"$BATS_TEST_TMPDIR/subid"
	export -f as_user
	export HOME_DIR ID
	unshare -m bash -euc 'mount --bind "$1/passwd" /etc/passwd; mount --bind "$1/group" /etc/group
		for f in subuid subgid; do [[ -e /etc/$f ]]; mount --bind "$1/subid" /etc/$f; done
		as_user --root "$HOME_DIR/state" run --bundle "$HOME_DIR" "$ID"' bash "$BATS_TEST_TMPDIR" >"$OUT" 2>"$ERR" || { cat "$ERR"; false; }
	equals "$(grep -cE '^ +0 +65500 +1$' "$OUT")" 2
	equals "$(grep -cE '^ +1 +200000 +1000$' "$OUT")" 2
}

@test "limits without a cgroup of one's own: an error that names the cgroup" {
	patch '.linux.resources = {"memory": {"limit": 10485760}} | .linux.cgroupsPath = "/masu-not-mine"'
	fails 'cgroup' as_user --root "$HOME_DIR/state" create --bundle "$HOME_DIR" "$ID"
}
