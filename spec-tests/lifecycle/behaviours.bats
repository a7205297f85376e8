#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Matters in which runtimes differ and the specification leaves room, one test each: what masu does, as seen from inside
# the container or from the kernel's side. The numbers are those of the table of behaviours.
load ../lib/helpers
setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

cgroup_v1() { [[ -e /sys/fs/cgroup/devices/devices.list || -e /sys/fs/cgroup/devices/devices.allow ]]; }
needs_cgroup_v1() { cgroup_v1 || skip "needs cgroup v1"; }
needs_cgroup_v2() { ! cgroup_v1 || skip "needs cgroup v2"; }

# SCRIPT: in a mount namespace of its own, so that no mount is left; `run_box` runs the bundle there.
alone() {
	export RUNTIME ROOT BUNDLE ROOTFS ID
	timeout -k 5 "${RT_TIMEOUT:-60}" unshare -m --propagation private bash -euc 'run_box() { "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null 3>&-; }
	'"$1" 3>&-
}

# FILTER [JQ OPTIONS]: a document with a user namespace.
config_userns() {
	config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 200000, "size": 65536}] | '"$1" "${@:2}"
}

# MOUNT POINT: options and propagation fields from the mountinfo on stdin; the last mount there is what one sees.
mount_fields() { awk -v at="$1" '$5 == at { line = $6; for (i = 7; $i != "-"; i++) line = line " " $i } END { print line }'; }

# A static program from C on stdin.
program() { # FILE
	needs gcc
	gcc -O1 -static -o "$1" -x c - 2>"$ERR" || skip "needs a static libc"
}

# The words that openings of a device node end in: denied by the rules, or allowed and without a driver.
denied='not permitted'
nodriver='No such device'

@test "1: rootfsPropagation: slave when absent, and every value takes effect on /" {
	local value wanted
	for value in absent shared slave private unbindable; do
		config '.process.args = ["cat", "/proc/self/mountinfo"] | if $v != "absent" then .linux.rootfsPropagation = $v else . end' --arg v $value
		output=$(alone 'mount --make-rshared /; run_box' | mount_fields /)
		case $value in
		absent | slave) wanted='^rw[a-z,]* master:' ;;
		shared) wanted='^rw[a-z,]* shared:' ;;
		private) wanted='^rw[a-z,]*$' ;;
		unbindable) wanted='^rw[a-z,]* unbindable' ;;
		esac
		echo "$value: $output"
		matches "$output" "$wanted"
	done
	# what the host mounts later arrives, what it unmounts goes
	config '.process.args = ["sh", "-c", "while [ ! -e /mnt/x ]; do sleep 0.02; done; echo came; while [ -e /mnt/x ]; do sleep 0.02; done; echo went"]
		| .linux.rootfsPropagation = "slave" | .root.path = $r' --arg r "$BATS_TEST_TMPDIR/root"
	output=$(alone 'r='"$BATS_TEST_TMPDIR"'/root; mkdir $r; mount --bind "$ROOTFS" $r; mount --make-shared $r; mkdir -p $r/mnt
		run_box & while ! [[ $("$RUNTIME" --root "$ROOT" state "$ID" 2>/dev/null) == *running* ]]; do sleep 0.02; done
		mount -t tmpfs x $r/mnt; touch $r/mnt/x; sleep $((${WAIT_FACTOR:-1} / 4)).2; umount $r/mnt; wait')
	rmdir "$ROOTFS/mnt"
	equals "$output" $'came\nwent'
}

@test "2: of contradicting option words the last wins" {
	config '.mounts += [{"destination": "/a", "type": "tmpfs", "source": "t", "options": ["ro", "rw"]}, {"destination": "/b", "type": "tmpfs", "source": "t", "options": ["rw", "ro"]},
		{"destination": "/c", "type": "tmpfs", "source": "t", "options": ["nosuid", "nodev", "suid", "noexec", "exec"]}] | .process.args = ["cat", "/proc/self/mountinfo"]'
	run_fg
	matches "$(mount_fields /a <"$OUT")" '^rw'
	matches "$(mount_fields /b <"$OUT")" '^ro'
	equals "$(mount_fields /c <"$OUT" | sed 's/,relatime//')" rw,nodev
	rmdir "$ROOTFS"/[abc]
}

@test "3: a bind keeps the flags of its source unless the opposite is named" {
	local s=$BATS_TEST_TMPDIR/source f
	mkdir "$s"
	f='.mounts += [{"destination": "/a", "type": "bind", "source": $s, "options": ["bind"]}, {"destination": "/b", "type": "bind", "source": $s, "options": ["bind", "suid"]},
		{"destination": "/c", "type": "bind", "source": $s, "options": ["bind", "ro", "dev"]}] | .process.args = ["cat", "/proc/self/mountinfo"]'
	config "$f" --arg s "$s"
	alone 'mount -t tmpfs -o nosuid,nodev,noexec x '"$s"'; run_box' >"$OUT"
	equals "$(mount_fields /a <"$OUT" | sed 's/,relatime//; s/ .*//')" rw,nosuid,nodev,noexec
	equals "$(mount_fields /b <"$OUT" | sed 's/,relatime//; s/ .*//')" rw,nodev,noexec
	equals "$(mount_fields /c <"$OUT" | sed 's/,relatime//; s/ .*//')" ro,nosuid,noexec
	rmdir "$ROOTFS"/[abc]
}

@test "3: flags locked by a user namespace are kept; to name the opposite is an error that says so" {
	is_masu || skip "others differ"
	local s=$BATS_TEST_TMPDIR/source
	mkdir "$s"
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	config '.mounts += [{"destination": "/a", "type": "bind", "source": $s, "options": $o}] | .process.args = ["cat", "/proc/self/mountinfo"] | del(.linux.resources, .linux.cgroupsPath)
		| .mounts |= map(select(.type != "mqueue" and .type != "sysfs")) | .linux.namespaces = [{"type": "mount"}, {"type": "user"}, {"type": "pid"}, {"type": "uts"}, {"type": "ipc"}] | .process.rlimits = []
		| .linux.uidMappings = [{"containerID": 0, "hostID": 65534, "size": 1}] | .linux.gidMappings = [{"containerID": 0, "hostID": 65534, "size": 1}]' --arg s "$s" --argjson o '["bind"]'
	mkdir -m 777 "$ROOTFS/a"
	install -d -m 700 -o 65534 -g 65534 "$ROOT/nobody"
	local script='mount -t tmpfs -o nosuid,nodev,noexec x '"$s"'; chmod 755 "$ROOT"
		setpriv --reuid 65534 --regid 65534 --clear-groups "$RUNTIME" --root "$ROOT/nobody" run --bundle "$BUNDLE" "$ID" </dev/null'
	alone "$script" >"$OUT"
	equals "$(mount_fields /a <"$OUT" | sed 's/,relatime//; s/ .*//')" rw,nosuid,nodev,noexec
	config_patch '(.mounts[] | select(.destination == "/a") | .options) = ["bind", "suid"]'
	fails 'suid|nosuid' alone "$script"
	cat "$BATS_TEST_TMPDIR/fails"
	rm -r "$ROOT/nobody" "$ROOTFS/a"
}

@test "4: no flags that nobody asked for" {
	config '.mounts += [{"destination": "/a", "type": "bind", "source": $s, "options": ["rbind", "rrelatime"]}] | .process.args = ["cat", "/proc/self/mountinfo"]' --arg s "$BATS_TEST_TMPDIR"
	run_fg
	refute grep -E ' /a .*(nosymfollow|noatime|nodiratime)' "$OUT"
	[[ -n $(mount_fields /a <"$OUT") ]]
	rmdir "$ROOTFS/a"
}

@test "5: every word of the option table works where the kernel can, else the error names word and place" {
	local w all=(async atime bind defaults dev diratime dirsync exec iversion lazytime loud noatime nodev nodiratime noexec noiversion nolazytime norelatime
		nostrictatime nosuid nosymfollow private ratime rbind rdev rdiratime relatime rexec rnoatime rnodev rnodiratime rnoexec rnorelatime
		rnostrictatime rnosuid rnosymfollow ro rprivate rrelatime rro rrw rshared rslave rstrictatime rsuid rsymfollow runbindable rw shared
		silent slave strictatime suid symfollow sync tmpcopyup unbindable)
	config '.process.args = ["true"] | .mounts += ($w | split(" ") | map(select(. != "bind" and . != "rbind")) | map({destination: "/w/\(.)", type: "tmpfs", source: "t", options: [.]}))' --arg w "${all[*]}"
	run_fg
	equals "$status" 0
	config '.process.args = ["true"] | .mounts += ($w | split(" ") | map(select(IN("dirsync", "iversion", "lazytime", "sync", "tmpcopyup") | not)) | map({destination: "/w/\(.)", type: "bind", source: $s, options: ["rbind", .]}))' \
		--arg w "${all[*]}" --arg s "$BATS_TEST_TMPDIR"
	run_fg
	equals "$status" 0
	for w in dirsync iversion lazytime sync tmpcopyup; do
		config '.process.args = ["true"] | .mounts += [{destination: "/w/x", type: "bind", source: $s, options: ["bind", $w]}]' --arg w $w --arg s "$BATS_TEST_TMPDIR"
		fails "/w/x.*$w" rtq run --bundle "$BUNDLE" "$ID"
	done
	rm -rf "$ROOTFS/w"
}

@test "6: linux.devices in a user namespace are as the document says" {
	config_userns '.linux.devices = [{"path": "/dev/mine", "type": "c", "major": 1, "minor": 3, "fileMode": 384, "uid": 5, "gid": 6}] | .process.args = ["stat", "-c", "%a %u %g %t:%T", "/dev/mine", "/dev/zero"]'
	run_fg
	equals "$output" $'600 5 6 1:3\n666 0 0 1:5'
}

@test "7: a device in linux.devices is no right to use it" {
	config '.linux.devices = [{"path": "/dev/mine", "type": "c", "major": 1, "minor": 2, "fileMode": 438}] | .process.args = ["cat", "/dev/mine"]'
	run_fg
	matches "$errors" "$denied"
	config_patch '.linux.resources.devices += [{"allow": true, "type": "c", "major": 1, "minor": 2, "access": "r"}]'
	run_fg
	matches "$errors" "$nodriver"
}

@test "8: no /proc in the document" {
	config '.mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .process.args = ["sh", "-c", "echo ok; ls /proc"]'
	run_fg
	equals "$status $output" "0 ok"
}

@test "9: no mount namespace: chroot; what would change the host is an error" {
	local mounts
	mounts=$(wc -l </proc/self/mountinfo)
	config '.linux.namespaces |= map(select(.type != "mount")) | .mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .process.args = ["sh", "-c", "umask; ls -d /bin/busybox; ls /.."]'
	(umask 027 && run_fg && printf '%s' "$output" >"$BATS_TEST_TMPDIR/o")
	equals "$(head -n 2 "$BATS_TEST_TMPDIR/o" | tr '\n' ' ')" "0027 /bin/busybox "
	[[ $(cat "$BATS_TEST_TMPDIR/o") != *boot* ]]
	find "$ROOTFS/dev" -mindepth 1 -delete
	local filter
	for filter in '.linux.maskedPaths = ["/proc/kcore"]' '.linux.readonlyPaths = ["/proc/sys"]' '.mounts = [{"destination": "/tmp", "type": "tmpfs", "source": "t"}]' '.root.readonly = true'; do
		config '.linux.namespaces |= map(select(.type != "mount")) | .mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | '"$filter"
		fails 'mount namespace' create
	done
	equals "$(wc -l </proc/self/mountinfo)" "$mounts"
}

@test "10: proc and sysfs that a user namespace may not mount: the host's, with the asked flags" {
	config_userns '.process.args = ["cat", "/proc/self/mountinfo"] | (.mounts[] | select(.type == "proc") | .options) = ["ro", "nosuid", "nodev", "noexec"]
		| .linux.namespaces |= map(select(.type != "pid")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	# a proc with something over it, which the kernel does not let anybody uncover
	alone 'mount -t tmpfs x /proc/tty; run_box' >"$OUT"
	matches "$(mount_fields /proc <"$OUT")" '^ro,nosuid,nodev,noexec'
	grep -q ' /proc/tty ' "$OUT"
	# never that of another pid namespace
	config_userns '.process.args = ["true"]'
	fails 'mount ./proc.: file system .proc.: ' alone 'mount -t tmpfs x /proc/tty; run_box'
}

@test "11: mount points that the runtime makes: 0755 and 0644, owned by the container's root" {
	local kind
	echo file >"$BATS_TEST_TMPDIR/file"
	for kind in config config_userns; do
		$kind '.mounts += [{"destination": "/new/a/b", "type": "tmpfs", "source": "t"}, {"destination": "/new/c/f", "type": "bind", "source": $s, "options": ["bind"]}] | .process.args = ["true"]' --arg s "$BATS_TEST_TMPDIR/file"
		# the caller's umask has no say
		[[ $kind == config ]] || chown 100000:200000 "$ROOTFS"
		(umask 077 && run_fg && [[ $status == 0 ]])
		equals "$(stat -c '%a %u %g' "$ROOTFS"/new{,/a,/a/b,/c,/c/f} | sort -u | tr '\n' ' ')" \
			"$([[ $kind == config ]] && echo '644 0 0 755 0 0 ' || echo '644 100000 200000 755 100000 200000 ')"
		rm -r "$ROOTFS/new"
	done
	chown 0:0 "$ROOTFS"
}

@test "12: system calls younger than the seccomp policy: ENOSYS" {
	program "$ROOTFS/bin/young" <<-'C'
		#include <errno.h>
		#include <stdio.h>
		#include <string.h>
		#include <sys/syscall.h>
		#include <unistd.h>
		int main(void)
		{
			long young = syscall(1000);
			int e = errno;
			long old = syscall(SYS_acct, NULL);
			printf("%ld %s, %ld %s\n", young, strerror(e), old, strerror(errno));
			return 0;
		}
	C
	config '.process.args = ["young"] | .linux.seccomp = {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 13, "syscalls": [{"action": "SCMP_ACT_ALLOW",
		"names": ["execve", "brk", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "prlimit64", "readlink", "readlinkat", "getrandom", "mprotect", "newfstatat", "fstat", "ioctl", "write", "exit_group", "mmap", "munmap", "exit", "close", "futex"]}]}'
	run_fg
	equals "$output" "-1 Function not implemented, -1 Permission denied"
	rm "$ROOTFS/bin/young"
}

@test "13: masks: the null device over files, an empty read-only directory over directories" {
	config '.linux.maskedPaths = ["/proc/keys", "/sys/firmware", "/home", "/etc/passwd"] | .process.args = ["sh", "-c", "stat -c \"%F %t:%T\" /proc/keys /etc/passwd; for d in /home /sys/firmware; do ls -A $d; touch $d/x 2>&1; done; echo x >/etc/passwd; wc -c </etc/passwd"]'
	touch "$ROOTFS/home/secret"
	run_fg
	rm "$ROOTFS/home/secret"
	equals "$(head -n 2 "$OUT" | sort -u)" "character special file 1:3"
	equals "$(grep -c 'Read-only file system' "$OUT")" 2
	refute grep secret "$OUT"
	equals "$(tail -n 1 "$OUT")" 0
	matches "$(cat "$ROOTFS/etc/passwd")" '^root:'
}

@test "14: /dev/mqueue in a user namespace belongs to its root" {
	config_userns '.process.args = ["stat", "-c", "%u:%g", "/dev/mqueue"]'
	run_fg
	equals "$output" 0:0
}

@test "15: the program's name is as given" {
	printf '#!/bin/sh\necho "$0"\n' >"$ROOTFS/tmp/x"
	chmod 755 "$ROOTFS/tmp/x"
	config '.process.args = ["./x"] | .process.cwd = "/tmp"'
	run_fg
	rm "$ROOTFS/tmp/x"
	equals "$output" ./x
}

@test "16: streams of a foreground run without terminal are the caller's own" {
	config_args sh -c 'for f in 0 1 2; do readlink /proc/self/fd/$f; done'
	exec 7< <(:) 8> >(cat >"$OUT") 9> >(cat >"$ERR")
	local mine
	mine=$(for f in 7 8 9; do readlink /proc/$BASHPID/fd/$f; done)
	rt run --bundle "$BUNDLE" "$ID" <&7 >&8 2>&9 7<&- 8>&- 9>&-
	exec 7<&- 8>&- 9>&-
	wait_for 5 test -s "$OUT"
	equals "$(cat "$OUT")" "$mine"
}

@test "17: the session keyring is _ses.ID" {
	[[ -e /proc/keys ]] || skip "needs a kernel with keyrings"
	config '.linux.maskedPaths = [] | .process.args = ["cat", "/proc/keys"]'
	run_fg
	grep -q "keyring *_ses\.$ID: " "$OUT"
}

@test "18: destinations with links and dangling parts are resolved and made inside the root" {
	ln -s /etc/18 "$ROOTFS/absolute"
	ln -s ../../../../../../../18-outside "$ROOTFS/dots"
	mkdir "$ROOTFS/etc/18"
	config '.mounts += [{"destination": "/absolute/in", "type": "tmpfs", "source": "t"}, {"destination": "/dots", "type": "tmpfs", "source": "t"}, {"destination": "/a/../18-b/c", "type": "tmpfs", "source": "t"}] | .process.args = ["cut", "-d ", "-f5", "/proc/self/mountinfo"]'
	run_fg
	equals "$(grep 18 "$OUT" | sort | tr '\n' ' ')" "/18-b/c /18-outside /etc/18/in "
	[[ -d $ROOTFS/etc/18/in && -d $ROOTFS/18-outside && ! -e /18-outside ]]
	rm -r "$ROOTFS"/{absolute,dots,18-outside,18-b,etc/18}
	config '.mounts += [{"destination": "/etc/passwd", "type": "tmpfs", "source": "t"}]'
	fails '/etc/passwd.*(Not a directory|directory)' create
	config '.mounts += [{"destination": "/etc", "type": "bind", "source": "/etc/passwd", "options": ["bind"]}]'
	fails '/etc.*(Is a directory|directory)' create
}

@test "19: device rules that punch holes: on v1 what the kernel can say, else an error" {
	needs_cgroup_v1
	config '.linux.resources.devices = [{"allow": true, "access": "rwm"}, {"allow": false, "type": "c", "major": 1, "minor": 2, "access": "r"}]
		| .linux.devices = [{"path": "/dev/a", "type": "c", "major": 1, "minor": 2}, {"path": "/dev/b", "type": "c", "major": 1, "minor": 6}] | .process.args = ["cat", "/dev/a", "/dev/b"]'
	run_fg
	matches "$(grep /dev/a "$ERR")" "$denied"
	matches "$(grep /dev/b "$ERR")" "$nodriver"
	config '.linux.resources.devices = [{"allow": true, "type": "c", "major": 1, "minor": -1, "access": "rwm"}, {"allow": false, "type": "c", "major": 1, "minor": 2, "access": "r"}]'
	fails '/linux/resources/devices.*c 1:' create
}

@test "19: device rules that punch holes: on v2 in their order" {
	needs_cgroup_v2
	config '.linux.resources.devices = [{"allow": true, "type": "c", "major": 1, "minor": -1, "access": "rwm"}, {"allow": false, "type": "c", "major": 1, "minor": 2, "access": "r"}]
		| .linux.devices = [{"path": "/dev/a", "type": "c", "major": 1, "minor": 2}, {"path": "/dev/b", "type": "c", "major": 1, "minor": 6}] | .process.args = ["cat", "/dev/a", "/dev/b"]'
	run_fg
	matches "$(grep /dev/a "$ERR")" "$denied"
	matches "$(grep /dev/b "$ERR")" "$nodriver"
}

@test "20: an absolute cgroupsPath counts from the hierarchy's root" {
	needs_cgroup_v1
	config_args cat /proc/self/cgroup
	run_fg
	equals "$(sed -n 's/^[0-9]*:[a-z,]*pids[a-z,]*:\(.*\)/\1/p' "$OUT")" "/$ID"
}

@test "21: no device rules at all: deny and the default list" {
	config 'del(.linux.resources) | .linux.devices = [{"path": "/dev/mine", "type": "c", "major": 1, "minor": 2, "fileMode": 438}] | .process.args = ["sh", "-c", "head -c 3 /dev/zero | wc -c; echo x >/dev/null && echo null; cat /dev/mine"]'
	run_fg
	equals "$output" $'3\nnull'
	matches "$errors" "$denied"
}

@test "22: the directory of the cgroup v1 hierarchies: root's, 0755" {
	needs_cgroup_v1
	config '.mounts += [{"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", "ro"]}] | .process.args = ["sh", "-c", "stat -c \"%a %u %g\" /sys/fs/cgroup; ls -d /sys/fs/cgroup/pids; mkdir /sys/fs/cgroup/x /sys/fs/cgroup/pids/x"]'
	run_fg
	equals "$output" $'755 0 0\n/sys/fs/cgroup/pids'
	equals "$(grep -c 'Read-only' "$ERR")" 2
}

@test "23: readonlyPaths and maskedPaths have one effect in any order" {
	local ro masked wanted=
	mkdir -p "$ROOTFS/23/sub/deep"
	echo secret >"$ROOTFS/23/sub/file"
	for ro in '["/23", "/23/sub/deep"]' '["/23/sub/deep", "/23"]'; do
		for masked in '["/23/sub/file", "/proc/sys/kernel"]' '["/proc/sys/kernel", "/23/sub/file"]'; do
			config '.linux.readonlyPaths = $ro + ["/proc/sys"] | .linux.maskedPaths = $m | .process.args = ["sh", "-c",
				"exec 2>&1; touch /23/x /23/sub/x /23/sub/deep/x; wc -c </23/sub/file; stat -c %F /23/sub/file; ls -A /proc/sys/kernel; echo 1 >/proc/sys/net/ipv4/ip_forward"]' --argjson ro "$ro" --argjson m "$masked"
			run_fg
			equals "$(grep -c Read-only "$OUT")" 4
			equals "$(grep -vc Read-only "$OUT")" 2
			equals "${wanted:-$output}" "$output"
			wanted=$output
		done
	done
	config '.linux.readonlyPaths = ["/23/sub"] | .linux.maskedPaths = ["/23"] | .process.args = ["ls", "-A", "/23"]'
	run_fg
	equals "$status $output" "0 "
	rm -r "$ROOTFS/23"
}

@test "24: no umask in the document: the caller's" {
	config_args sh -c umask
	(umask 0135 && run_fg)
	equals "$(cat "$OUT")" 0135
	config '.process.args = ["sh", "-c", "umask"] | .process.user.umask = 18'
	(umask 0135 && run_fg)
	equals "$(cat "$OUT")" 0022
}

# NAME COMMAND: a hook that notes its name
note() { jq -nc --arg n "$1" --arg l "$BATS_TEST_TMPDIR/notes" --arg c "${2:-true}" '{path: "/bin/sh", args: ["sh", "-c", "echo \($n) >>\($l); \($c)"]}'; }
notes() { tr '\n' ' ' <"$BATS_TEST_TMPDIR/notes"; }

@test "25: poststart hooks run at start; their failure stops and destroys the container" {
	config '.hooks = {poststart: [$a, $b], poststop: [$c]}' --argjson a "$(note poststart)" --argjson b "$(note fails 'exit 1')" --argjson c "$(note poststop)"
	create
	[[ ! -e $BATS_TEST_TMPDIR/notes ]]
	fails 'poststart' start
	equals "$(notes)" "poststart fails poststop "
	nothing_left
}

@test "26: a failing startContainer hook fails the start, destroys the container and runs poststop" {
	config '.hooks = {startContainer: [{path: "/bin/false"}], poststop: [$c]}' --argjson c "$(note poststop)"
	create
	fails 'startContainer' start
	equals "$(notes)" "poststop "
	nothing_left
}

@test "27: all poststop hooks run, also after a failed create hook; failures warn" {
	config '.hooks = {poststop: [$a, $b, $c]}' --argjson a "$(note one)" --argjson b "$(note two 'exit 1')" --argjson c "$(note three)"
	create
	rtq --log-level warning delete --force "$ID"
	equals "$(notes)" "one two three "
	grep -q 'warning.*poststop' "$ERR"
	rm "$BATS_TEST_TMPDIR/notes"
	config_patch '.hooks.createRuntime = [{path: "/bin/false"}]'
	fails createRuntime create
	equals "$(notes)" "one two three "
}

@test "28: hooks have exactly their environment, their directory and descriptors 0 to 2" {
	local n
	# no shell: it would add to all three
	program "$BATS_TEST_TMPDIR/hook" <<-'C'
		#include <fcntl.h>
		#include <stdio.h>
		#include <unistd.h>
		extern char **environ;
		int main(int argc, char **argv)
		{
			char cwd[4096];
			int last = -1, out;
			for (int i = 0; i < 256; i++)
				if (fcntl(i, F_GETFD) >= 0)
					last = i;
			out = open(argv[argc - 1], O_WRONLY | O_APPEND);
			for (char **e = environ; *e; e++)
				dprintf(out, "%s ", *e);
			dprintf(out, "%s %d\n", getcwd(cwd, sizeof(cwd)), last);
			return 0;
		}
	C
	cp "$BATS_TEST_TMPDIR/hook" "$ROOTFS/bin/hook"
	n=$BATS_TEST_TMPDIR/notes
	: >"$n"
	config '.hooks = {createRuntime: [{path: $h, args: ["h", $n], env: ["A=b"]}], createContainer: [{path: $h, args: ["h", $n], env: []}], startContainer: [{path: "/bin/hook", args: ["h", "/notes"], env: ["A=b", "A=c"]}], poststop: [{path: $h, args: ["h", $n]}]}
		| .mounts += [{destination: "/notes", type: "bind", source: $n, options: ["bind"]}]' --arg n "$n" --arg h "$BATS_TEST_TMPDIR/hook"
	exec 7</etc/passwd
	SECRET=x create
	exec 7<&-
	start
	rtq delete --force "$ID"
	rm "$ROOTFS/bin/hook"
	equals "$(cat "$n")" "A=b $(realpath "$BUNDLE") 2
/ 2
A=b A=c / 2
$(realpath "$BUNDLE") 2"
}

@test "29: create without process, linux or mounts; start without process is an error" {
	config 'del(.process)'
	create
	status_is created
	fails 'process' start
	rtq delete --force "$ID"
	config 'del(.process.args)'
	create
	fails 'process' start
	rtq delete --force "$ID"
	config 'del(.mounts, .linux.maskedPaths, .linux.readonlyPaths) | .process.args = ["echo", "ok"]'
	run_fg
	equals "$output" ok
	config 'del(.mounts, .linux, .hostname) | .process.args = ["echo", "ok"]'
	run_fg
	equals "$output" ok
	find "$ROOTFS/dev" -mindepth 1 -delete
	rmdir "/sys/fs/cgroup/$ID" 2>/dev/null || true
}

@test "30: a time namespace alone brings no other" {
	[[ -e /proc/self/ns/time ]] || skip "needs time namespaces"
	config '.linux.namespaces = [{"type": "mount"}, {"type": "time"}] | del(.hostname) | .linux.timeOffsets = {"boottime": {"secs": 1000000}} | .process.args = ["sh", "-c", "for n in pid net ipc uts user; do readlink /proc/self/ns/$n; done; readlink /proc/self/ns/time; cut -d. -f1 /proc/uptime"]'
	run_fg
	equals "$(head -n 5 "$OUT")" "$(for n in pid net ipc uts user; do readlink /proc/self/ns/$n; done)"
	[[ $(sed -n 6p "$OUT") != "$(readlink /proc/self/ns/time)" ]]
	(($(sed -n 7p "$OUT") >= 1000000))
}

@test "32: capabilities that cannot be granted: a warning" {
	needs setpriv
	config '.process.capabilities = {"bounding": ["CAP_KILL", "CAP_SYS_TIME"], "permitted": ["CAP_KILL", "CAP_SYS_TIME"], "effective": ["CAP_KILL", "CAP_SYS_TIME"]} | .process.args = ["grep", "-E", "Cap(Prm|Eff|Bnd)", "/proc/self/status"]'
	setpriv --bounding-set -sys_time "$RUNTIME" --root "$ROOT" --log-level warning run --bundle "$BUNDLE" "$ID" </dev/null >"$OUT" 2>"$ERR" 3>&-
	cat "$OUT" "$ERR"
	equals "$(sed 's/.*\t//' "$OUT" | sort -u)" 0000000000000020
	grep -q 'warning.*CAP_SYS_TIME' "$ERR"
}

@test "33: unknown names of capabilities: a warning" {
	config '.process.capabilities = {"bounding": ["CAP_KILL", "CAP_NO_SUCH"]} | .process.args = ["grep", "CapBnd", "/proc/self/status"]'
	rt --log-level warning run --bundle "$BUNDLE" "$ID" </dev/null >"$OUT" 2>"$ERR"
	matches "$(cat "$OUT")" '0000000000000020$'
	grep -q 'warning.*CAP_NO_SUCH' "$ERR"
}

@test "34: the state's version is the one that the runtime implements" {
	create
	equals "$(state ociVersion)" "$("$RUNTIME" --version | sed -n 's/^spec: //p')"
}

@test "35: hooks in the container's namespaces are told the pid as seen inside" {
	config '.hooks = {createContainer: [{path: "/bin/sh", args: ["sh", "-c", $c]}], startContainer: [{path: "/bin/sh", args: ["sh", "-c", "cat >/notes"]}]}
		| .mounts += [{destination: "/notes", type: "bind", source: $l, options: ["bind"]}]' --arg l "$BATS_TEST_TMPDIR/inside" --arg c "cat >$BATS_TEST_TMPDIR/create"
	: >"$BATS_TEST_TMPDIR/inside"
	create
	start
	equals "$(jq .pid "$BATS_TEST_TMPDIR/create") $(jq .pid "$BATS_TEST_TMPDIR/inside")" "1 1"
	# without a pid namespace that is the host's
	config_patch '.linux.namespaces |= map(select(.type != "pid"))'
	rtq delete --force "$ID"
	create
	equals "$(jq .pid "$BATS_TEST_TMPDIR/create")" "$(state pid)"
}

@test "37: a device node that is bound from the host stays as it is, and none is made there" {
	local dir=$BATS_TEST_TMPDIR/dri
	mkdir "$dir"
	mknod -m 600 "$dir/card" c 1 3
	config '.mounts += [{"destination": "/dev/dri", "type": "bind", "source": $dir, "options": ["bind"]}] | .process.args = ["stat", "-c", "%a %u %g", "/dev/dri/card", "/dev/mine"]
		| .linux.devices = [{"path": "/dev/dri/card", "type": "c", "major": 1, "minor": 3, "fileMode": 438, "uid": 1000, "gid": 1000}, {"path": "/dev/mine", "type": "c", "major": 1, "minor": 3, "fileMode": 416, "uid": 5, "gid": 6}]' --arg dir "$dir"
	rt --debug run --bundle "$BUNDLE" "$ID" </dev/null >"$OUT" 2>"$ERR"
	equals "$(cat "$OUT")" $'600 0 0\n640 5 6'
	equals "$(stat -c '%a %u %g' "$dir/card")" "600 0 0"
	! is_masu || grep -q 'mode 0600 and owner 0:0 stay' "$ERR"
	config_patch '.linux.devices[0].path = "/dev/dri/other"'
	fails '/linux/devices/0.*/dev/dri/other' create
	equals "$(ls "$dir")" card
}
