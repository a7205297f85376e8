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
	[[ -z ${holder:-} ]] || { nested delete --force "$ID" >/dev/null 2>&1; kill "$holder" 2>/dev/null; }
	rm -rf "${HOME_DIR:-/nonexistent}"
	common_teardown
}
as_user() { timeout 30 setpriv --reuid 65500 --regid 65500 --clear-groups env -i PATH="$PATH" HOME="$HOME_DIR" XDG_RUNTIME_DIR="$HOME_DIR/run" MASU_TEST_ID="$ID" "$HOME_DIR/runtime" "$@" </dev/null 3>&-; }
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

# As podman without root starts its runtime: root of a user namespace that the user has made, with the ids of /etc/subuid and mounts of its
# own. USER says that this is no machine of its own, so that the state is the user's.
nested() { # ARGS...
	timeout -k 5 "${RT_TIMEOUT:-30}" nsenter -t "$holder" -U -m --setuid 0 --setgid 0 env -i PATH="$PATH" HOME="$HOME_DIR" USER=someone XDG_RUNTIME_DIR="$HOME_DIR/run" \
		MASU_TEST_ID="$ID" "$HOME_DIR/runtime" "$@" </dev/null 3>&-
}
nest() {
	local map=$'0 65500 1\n1 300000 65535'
	env -u MASU_TEST_ID unshare -U -m --propagation slave sleep 300 3>&- &
	holder=$!
	wait_for 10 eval '[[ $(readlink "/proc/$holder/ns/mnt") != "$(readlink /proc/self/ns/mnt)" && $(readlink "/proc/$holder/ns/user") != "$(readlink /proc/self/ns/user)" ]]'
	# in one piece, as the kernel wants it
	cat <<<"$map" >"/proc/$holder/uid_map"
	cat <<<"$map" >"/proc/$holder/gid_map"
}

@test "root of a user namespace: run, exec, groups, devices, the user's state directory" {
	nest
	patch 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(select(.type != "user")) | .process.user.additionalGids = [7, 33]
		| .process.oomScoreAdj = 555 | .process.args = ["sleep", "1000"]'
	nested run --detach --bundle "$HOME_DIR" "$ID" >"$OUT" 2>"$ERR" || { cat "$ERR"; false; }
	[[ -e $HOME_DIR/run/masu/$ID ]]
	pid=$(nested state "$ID" | jq .pid)
	equals "$(cat "/proc/$pid/oom_score_adj")" 555
	equals "$(readlink "/proc/$pid/ns/user")" "$(readlink "/proc/$holder/ns/user")"
	equals "$(awk '/^Groups:/ { print $2, $3 }' "/proc/$pid/status")" "300006 300032"
	nested exec "$ID" sh -c 'id -u; tr -s " " </proc/self/uid_map; echo x >/dev/null && head -c 3 /dev/zero | wc -c; ls /sys/class/net; cat /proc/1/cmdline | tr "\0" " "' >"$OUT" 2>"$ERR" || { cat "$ERR"; false; }
	equals "$(cat "$OUT")" $'0\n 0 65500 1\n 1 300000 65535\n3\nlo\nsleep 1000 '
	nested delete --force "$ID"
	[[ ! -e $HOME_DIR/run/masu/$ID ]]
}

@test "root of a user namespace: a user namespace in it, of ids that are not in the order of the outside" {
	nest
	patch '.linux.uidMappings = [{"containerID": 0, "hostID": 1, "size": 1000}, {"containerID": 1000, "hostID": 0, "size": 1}] | .linux.gidMappings = .linux.uidMappings
		| .process.user = {"uid": 1000, "gid": 1000} | .process.oomScoreAdj = 555
		| .mounts += [{"destination": "/mnt", "type": "bind", "source": $d, "options": ["bind"]}]
		| .process.args = ["sh", "-c", "tr -s \" \" </proc/self/uid_map; cat /proc/self/oom_score_adj; touch /mnt/mine; stat -c %u /mnt/mine; echo x >/dev/null"]' --arg d "$HOME_DIR/data"
	mkdir "$HOME_DIR/data"
	chown -R 65500:65500 "$HOME_DIR/data" "$HOME_DIR/config.json"
	chown -R 300000:300000 "$HOME_DIR/rootfs"
	nested run --bundle "$HOME_DIR" "$ID" >"$OUT" 2>"$ERR" || { cat "$ERR"; false; }
	equals "$(cat "$OUT")" $' 0 1 1000\n 1000 0 1\n555\n1000'
	equals "$(stat -c %u "$HOME_DIR/data/mine")" 65500
	patch '.linux.uidMappings[0].hostID = 65000'
	fails "/linux/uidMappings: write /proc/[0-9]+/uid_map" nested run --bundle "$HOME_DIR" "$ID"
}

@test "root of a user namespace: where groups cannot be changed they stay, and others are refused" {
	patch 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(select(.type != "user")) | .process.args = ["sh", "-c", "tr -s \" \" </proc/self/uid_map; cat /proc/self/setgroups"]'
	mapped() { setpriv --reuid 65500 --regid 65500 --clear-groups unshare -U -r -m --propagation slave env -i PATH="$PATH" USER=someone XDG_RUNTIME_DIR="$HOME_DIR/run" MASU_TEST_ID="$ID" "$HOME_DIR/runtime" "$@" </dev/null 3>&-; }
	mapped run --bundle "$HOME_DIR" "$ID" >"$OUT" 2>"$ERR" || { cat "$ERR"; false; }
	equals "$(cat "$OUT")" $' 0 65500 1\ndeny'
	patch '.process.user.additionalGids = [0]'
	fails "/process/user/additionalGids" mapped run --bundle "$HOME_DIR" "$ID"
}

@test "root of a user namespace: without a cgroup a mount of cgroups shows the caller's" {
	nest
	patch 'del(.linux.uidMappings, .linux.gidMappings, .linux.cgroupsPath) | .linux.namespaces |= map(select(.type != "user" and .type != "cgroup"))
		| .mounts += [{"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["ro"]}] | .process.args = ["sh", "-c", "cat /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/pids/cgroup.procs 2>/dev/null; ls -a /sys/fs/cgroup; ls -a /sys/fs/cgroup/pids"]'
	nested run --bundle "$HOME_DIR" "$ID" >"$OUT" 2>"$ERR" || { cat "$ERR"; false; }
	# a process of ours, not the directories of something else
	grep -qx '[0-9][0-9]*' "$OUT"
	refute grep -qx 'sbin\|proc' "$OUT"
}
