#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# mounts add and remove: changing the mounts of a container that runs, all or none.
load ../lib/helpers
setup_file() { common_setup_file; }
setup() {
	common_setup
	[[ $(basename "$RUNTIME") != runc ]] || skip "runc has no mounts"
	is_masu || crun_can || skip "this crun has no mounts"
	DATA=$BATS_TEST_TMPDIR/data
	LIST=$BATS_TEST_TMPDIR/list.json
	mkdir "$DATA"
	echo hello >"$DATA/file"
	config_args sleep 100
}
teardown() {
	local failed=0
	common_teardown || failed=1
	rm -rf "$BATS_FILE_TMPDIR"/rootfs/{new,more,link,file,mnt,prot,plink} 2>/dev/null
	return $failed
}
crun_can() { "$RUNTIME" --help | grep -qw mounts; }

# JSON [JQ OPTIONS]: the list.
list() { jq -n "$1" --arg data "$DATA" "${@:2}" >"$LIST"; }
add() { rtq mounts add "$ID" "$LIST"; }
remove() { rtq mounts remove "$ID" "$LIST"; }
inside() { rt exec "$ID" "$@" </dev/null; }
at() { inside cat /proc/self/mountinfo | awk -v at="$1" '$5 == at { print $6 }' | tail -n 1; }

@test "mounts: a directory and a file are bound, with their options, and taken away again" {
	run_detached
	list '[{destination: "/new/dir", type: "bind", source: $data, options: ["rbind", "ro", "nosuid"]},
		{destination: "/new/file", type: "bind", source: ($data + "/file"), options: ["bind", "noexec"]}]'
	add
	equals "$(inside cat /new/dir/file) $(inside cat /new/file)" "hello hello"
	matches "$(at /new/dir)" 'ro,nosuid'
	matches "$(at /new/file)" 'rw.*noexec'
	fails 'Read-only' rt exec "$ID" touch /new/dir/x </dev/null
	remove
	equals "$(at /new/dir)$(at /new/file)" ""
	equals "$(mounts_of_test)" "${mounts_before:-}"
}

@test "mounts: file systems of their own, with their options" {
	run_detached
	list '[{destination: "/new/tmp", type: "tmpfs", source: "t", options: ["size=64k", "mode=711", "noexec"]}, {destination: "/new/mq", type: "mqueue", source: "m"}]'
	add
	equals "$(inside stat -c %a /new/tmp)" 711
	equals "$(inside df -k /new/tmp | awk 'NR == 2 { print $2 }')" 64
	matches "$(inside cat /proc/mounts | grep ' /new/tmp ')" 'noexec'
	inside cat /proc/mounts | grep -q '^m /new/mq mqueue'
	remove
	equals "$(at /new/tmp)$(at /new/mq)" ""
}

@test "mounts: stdin, a relative source, a container that waits for its start" {
	create
	mkdir -p "$BUNDLE/rel"
	touch "$BUNDLE/rel/yes"
	echo '[{"destination": "/new/rel", "type": "bind", "source": "rel", "options": ["bind"]}]' | rt mounts add "$ID" -
	start
	inside test -e /new/rel/yes
}

@test "mounts: one that fails takes those before it back" {
	run_detached
	list '[{destination: "/new/a", type: "tmpfs", source: "t"}, {destination: "/new/file", type: "bind", source: ($data + "/file"), options: ["bind"]},
		{destination: "/etc/passwd", type: "bind", source: $data, options: ["bind"]}]'
	fails '/mounts/2.*passwd' add
	equals "$(at /new/a)$(at /new/file)" ""
	list '[{destination: "/new/a", type: "tmpfs", source: "t"}, {destination: "/new/b", type: "bind", source: "/nowhere", options: ["bind"]}]'
	fails '/mounts/1.*/nowhere' add
	equals "$(at /new/a)" ""
	! is_masu || equals "$(inside ls -A /new 2>&1)" "ls: /new: No such file or directory"
	list '[{destination: "/new/a", type: "tmpfs", source: "t"}]'
	add
	list '[{destination: "/new/a"}, {destination: "/etc/passwd"}]'
	fails '/mounts/1.*nothing is mounted' remove
	[[ -n $(at /new/a) ]]
}

@test "mounts: destinations are resolved inside the root, and for remove without links" {
	run_detached
	inside ln -s /../../../../../../../../mnt/up /link
	list '[{destination: "/link", type: "tmpfs", source: "t"}]'
	add
	[[ -n $(at /mnt/up) ]]
	[[ ! -e /mnt/up ]]
	is_masu || return 0
	fails 'link' remove
	list '[{destination: "/mnt/up"}]'
	remove
	equals "$(at /mnt/up)" ""
}

@test "mounts: what would weaken the container is refused" {
	is_masu || skip "masu's own rules"
	run_detached
	local what
	for what in '{destination: "/", type: "tmpfs", source: "t"}' '{destination: "/new/p", type: "proc", source: "p"}' '{destination: "/new/s", type: "sysfs", source: "s"}' \
		'{destination: "/new/c", type: "cgroup", source: "c"}' '{destination: "/new/c", type: "cgroup2", source: "c"}' \
		'{destination: "/proc/self", type: "tmpfs", source: "t"}' '{destination: "/proc", type: "tmpfs", source: "t"}' \
		'{destination: "/tmp", options: ["remount", "bind", "rw"]}'; do
		list "[$what]"
		fails '/mounts/0' add
	done
	for what in / /proc /proc/kcore /sys/firmware /proc/sys /proc/sys/kernel; do
		list '[{destination: $w}]' --arg w "$what"
		fails '/mounts/0' remove
	done
	inside test ! -s /proc/kcore
}

@test "mounts: a protection is none to remove, whatever its path in the document looks like" {
	is_masu || skip "masu's own rules"
	mkdir -p "$ROOTFS/prot/dir"
	touch "$ROOTFS/prot/"{a,b,c}
	ln -sfn prot "$ROOTFS/plink"
	config_patch '.linux.readonlyPaths += ["/prot//a", "/plink/b"] | .linux.maskedPaths += ["/plink/../prot/./c", "/plink/dir"]'
	run_detached
	local what
	for what in a b c dir; do
		list '[{destination: ("/prot/" + $w)}]' --arg w "$what"
		fails '/mounts/0.*protects the host' remove
		matches "$(at "/prot/$what")" '^(ro|rw)'
	done
}

@test "mounts: the list has to be one" {
	is_masu || skip "texts differ"
	run_detached
	local text
	for text in '' '{}' '[]' '[1]' 'null' '[]x' '[],"x":[]' '[{"type":"tmpfs"}]' '[{"destination":1}]'; do
		echo "== $text"
		echo "$text" >"$LIST"
		fails 'mounts' add
	done
	fails 'expected add or remove' rtq mounts frob "$ID" "$LIST"
	fails 'expected add or remove' rtq mounts add "$ID"
	fails 'open list of mounts' rtq mounts add "$ID" /nowhere/list
	list '[{destination: "/new/a", type: "tmpfs", source: "t"}]'
	fails 'does not exist' rtq mounts add nobody "$LIST"
	rtq kill "$ID" KILL
	wait_for 5 status_is stopped
	fails 'not running' add
}

@test "mounts: a container with a user namespace" {
	config_patch '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chmod 755 "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR"
	mkdir -p "$ROOTFS/new/dir" "$ROOTFS/new/t" "$ROOTFS/new/map"
	run_detached
	chown 100000:100000 "$DATA/file"
	list '[{destination: "/new/dir", type: "bind", source: $data, options: ["rbind"]}, {destination: "/new/t", type: "tmpfs", source: "t", options: ["mode=755"]}]'
	add
	equals "$(inside stat -c %u /new/dir/file) $(inside stat -c %u /new/t)" "0 0"
	chown 0:0 "$DATA/file"
	if is_masu; then
		list '[{destination: "/new/map", type: "bind", source: $data, options: ["rbind", "idmap"]}]'
		add
		equals "$(inside stat -c %u /new/map/file)" 0
	fi
	list '[{destination: "/new/dir"}, {destination: "/new/t"}]'
	remove
	equals "$(at /new/dir)" ""
}

# What it did before each setns(2): it had executed the sealed copy of masu-init, and nothing else.
only_inner_joins() {
	awk '/execveat\([0-9]+<\/memfd:masu-init[^,]*, "", .*AT_EMPTY_PATH\) += 0/ { inner[$1] = 1 }
		/ execve\(.* = 0/ { inner[$1] = 0 }
		/ setns\(.* = 0/ { n++; if (!inner[$1]) { print "joined by the host'\''s program: " $0; bad = 1 } }
		END { print n + 0 " joined"; exit bad || !n }' "$TRACE"
}

@test "mounts: the host's program joins nothing of the container, its inner part does, and nothing stays" {
	is_masu || skip "crun is itself inside"
	needs strace
	TRACE=$BATS_TEST_TMPDIR/trace
	run_detached
	list '[{destination: "/new/a", type: "tmpfs", source: "t"}]'
	for what in add remove; do
		timeout "${RT_TIMEOUT:-60}" strace -f -y -o "$TRACE" -e trace=setns,execve,execveat "$RUNTIME" --root "$ROOT" mounts $what "$ID" "$LIST" </dev/null 3>&-
		only_inner_joins
	done
	rtq delete --force "$ID"
	nothing_left
}

@test "mounts: a path as source is the host's, not the container's" {
	is_masu || skip "not promised by others"
	needs mkfs.ext4
	run_detached
	truncate -s 4M "$DATA/img"
	mkfs.ext4 -q "$DATA/img"
	local loop
	loop=$(losetup -f --show "$DATA/img" 2>/dev/null) || skip "needs loop devices"
	# the container has something else by that name
	mkdir -p "$ROOTFS/dev"
	inside sh -c "rm -f $loop; echo no >$loop"
	list '[{destination: "/new/ext", type: "ext4", source: $l}]' --arg l "$loop"
	local s=0
	add || s=$?
	((s != 0)) || inside test -d /new/ext/lost+found || s=1
	((s != 0)) || { list '[{destination: "/new/ext"}]' && remove || s=1; }
	losetup -d "$loop"
	return $s
}
