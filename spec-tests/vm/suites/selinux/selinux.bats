#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SELinux: contexts of processes, of mounts and of keys; categories keep containers apart once the policy is enforced.
# The guest's policy has container_t and container_file_t (guest/container.cil).
load ../../../lib/helpers
setup_file() {
	common_setup_file
	gcc -static -O1 -x c -o "$BATS_FILE_TMPDIR/rootfs/bin/keylabel" - <<'EOT'
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
/* KEYCTL_GET_SECURITY of the session keyring. */
int main(void)
{
	char text[256] = "";
	long n = syscall(SYS_keyctl, 17, -3, text, sizeof(text) - 1, 0);

	if (n < 0)
		perror("keyctl");
	return puts(text) < 0 || n < 0;
}
EOT
}
setup() {
	common_setup
	setenforce 0
}
teardown() {
	setenforce 0
	common_teardown
}

label=system_u:system_r:container_t:s0:c1,c2
files=system_u:object_r:container_file_t:s0:c1,c2
# FILTER: a container with these labels.
labelled() { config '.process.selinuxLabel = $context | .linux.mountLabel = $files | '"$1" --arg context "$label" --arg files "$files" "${@:2}"; }
current() { tr -d '\0' <"/proc/$1/attr/current"; }
# What enforcing takes: files of the container's own label, and pipes, since files of others are taken from it at execve.
relabel() { chcon -R "$1" "$ROOTFS"; }
run_enforced() {
	setenforce 1
	output=$(rt run --bundle "$BUNDLE" "$ID" </dev/null 2>&1 | tr -d '\0')
	setenforce 0
	echo "$output"
}

@test "SELinux is in force on this machine" {
	selinuxenabled
	equals "$(getenforce)" Permissive
	! is_masu || "$RUNTIME" features | jq -e '.linux.selinux.enabled == true'
}

@test "no label: the caller's" {
	config '.process.args = ["cat", "/proc/self/attr/current"]'
	run_fg
	equals "$output" "$(current self)"
}

@test "the process has its label" {
	labelled '.process.args = ["cat", "/proc/self/attr/current"]'
	run_fg
	equals "$output" "$label"
	labelled '.process.args = ["sleep", "1000"]'
	run_detached
	equals "$(current "$(state pid)")" "$label"
	rtq delete --force "$ID"
}

@test "new file systems have the mount label, those of the kernel have not" {
	labelled '.process.args = ["cat", "/proc/mounts"] | .mounts += [{"destination": "/data", "type": "tmpfs", "source": "tmpfs"}]'
	mkdir -p "$ROOTFS/data"
	run_fg
	equals "$status" 0
	local where
	for where in /dev /dev/pts /dev/shm /data; do
		grep -E "^[^ ]+ $where " <<<"$output" | grep -F "context=\"$files\""
	done
	refute grep -E '^[^ ]+ /(proc|sys) .*context=' <<<"$output"
}

@test "a bind of files keeps their label; the document's own context goes before" {
	mkdir -p "$BATS_TEST_TMPDIR/bound" "$ROOTFS/bound" "$ROOTFS/own"
	touch "$BATS_TEST_TMPDIR/bound/file"
	chcon -t tmp_t "$BATS_TEST_TMPDIR/bound/file"
	local was
	was=$(getfattr --only-values -n security.selinux "$BATS_TEST_TMPDIR/bound/file" | tr -d '\0')
	labelled '.process.args = ["cat", "/proc/mounts"] | .mounts += [{"destination": "/bound", "type": "bind", "source": $dir, "options": ["bind"]},
		{"destination": "/own", "type": "tmpfs", "source": "tmpfs", "options": ["context=\"system_u:object_r:tmp_t:s0\""]}]' --arg dir "$BATS_TEST_TMPDIR/bound"
	run_fg
	equals "$status" 0
	grep -E '^[^ ]+ /own ' <<<"$output" | grep -F system_u:object_r:tmp_t:s0
	equals "$(getfattr --only-values -n security.selinux "$BATS_TEST_TMPDIR/bound/file" | tr -d '\0')" "$was"
}

# `context` fixes the label of every file; with the others files keep labels of their own.
@test "run.oci.mount_context_type: the label by another option of mount, when it is allowed" {
	is_masu || skip "crun has no --allow-annotation"
	local word pid allow
	mkdir -p "$ROOTFS/data"
	for word in context fscontext rootcontext not-allowed; do
		labelled '.annotations["run.oci.mount_context_type"] = $word | .process.args = ["sh", "-c", "touch /data/file; exec sleep 1000"] |
			.mounts += [{"destination": "/data", "type": "tmpfs", "source": "tmpfs"}]' --arg word "${word/not-allowed/rootcontext}"
		allow=(--allow-annotation run.oci.mount_context_type)
		[[ $word != not-allowed ]] || allow=()
		rtq "${allow[@]}" run --detach --bundle "$BUNDLE" "$ID"
		pid=$(state pid)
		wait_for 5 test -e "/proc/$pid/root/data/file"
		grep -E '^[^ ]+ /data ' "/proc/$pid/mounts" | grep -E "[ ,]${word/not-allowed/context}=\"?$files"
		case $word in
		*context) [[ $word == fscontext ]] || equals "$(stat -c %C "/proc/$pid/root/data")" "$files" ;;
		esac
		case $word in
		context | not-allowed) refute chcon -t tmp_t "/proc/$pid/root/data/file" ;;
		*)
			chcon -t tmp_t "/proc/$pid/root/data/file"
			matches "$(stat -c %C "/proc/$pid/root/data/file")" :tmp_t:
			;;
		esac
		rtq delete --force "$ID"
	done
	# the kernel has it for file systems that keep labels of their own, and a tmpfs is none
	labelled '.annotations["run.oci.mount_context_type"] = "defcontext"'
	fails 'tmpfs.*invalid argument' rtq --allow-annotation run.oci.mount_context_type create --bundle "$BUNDLE" "$ID"
}

@test "keys have the process's label" {
	labelled '.process.args = ["keylabel"]'
	run_fg
	equals "$output" "$label"
	config '.process.args = ["keylabel"]'
	run_fg
	equals "$output" "$(current self)"
}

@test "exec: the container's label, another by option and by document" {
	labelled '.process.args = ["sleep", "1000"]'
	run_detached
	local other=system_u:system_r:container_t:s0:c5,c6
	equals "$(rt exec "$ID" cat /proc/self/attr/current </dev/null | tr -d '\0')" "$label"
	if is_masu; then
		equals "$(rt exec --process-label "$other" "$ID" cat /proc/self/attr/current </dev/null | tr -d '\0')" "$other"
	fi
	jq '.process | .selinuxLabel = $other | .args = ["cat", "/proc/self/attr/current"]' --arg other "$other" "$BUNDLE/config.json" >"$BATS_TEST_TMPDIR/p.json"
	equals "$(rt exec --process "$BATS_TEST_TMPDIR/p.json" "$ID" </dev/null | tr -d '\0')" "$other"
	equals "$(current "$(state pid)")" "$label"
	rtq delete --force "$ID"
}

@test "a context that the policy does not have: refused by its pointer, nothing left" {
	config '.process.selinuxLabel = "system_u:system_r:nonexistent_t:s0"'
	fails 'nonexistent_t' create
	! is_masu || grep -q /process/selinuxLabel "$BATS_TEST_TMPDIR/fails"
	[[ ! -e $ROOT/$ID && ! -e /sys/fs/cgroup/$ID ]]
	config '.linux.mountLabel = "system_u:object_r:nonexistent_t:s0"'
	fails 'nonexistent_t|mount' create
	! is_masu || grep -q /linux/mountLabel "$BATS_TEST_TMPDIR/fails"
	[[ ! -e $ROOT/$ID && ! -e /sys/fs/cgroup/$ID ]]
}

@test "AppArmor profiles are refused here" {
	is_masu || skip "others pass over them"
	config '.process.apparmorProfile = "unconfined-by-nobody"'
	fails /process/apparmorProfile create
}

@test "enforced: a container runs with files of its label" {
	relabel --type=container_file_t
	relabel --range=s0:c1,c2
	labelled '.process.args = ["sh", "-c", "cat /proc/self/attr/current; echo; cat /etc/passwd >/dev/null && echo reads; echo text >/tmp/file && echo writes; echo text >/dev/shm/file && echo shm"]'
	run_enforced
	equals "$output" "$label"$'\nreads\nwrites\nshm'
}

@test "enforced: files of other categories are out of reach" {
	relabel --type=container_file_t
	relabel --range=s0:c1,c2
	echo other >"$ROOTFS/tmp/other"
	echo own >"$ROOTFS/tmp/own"
	chcon --type=container_file_t --range=s0:c1,c2 "$ROOTFS/tmp/own"
	chcon --type=container_file_t --range=s0:c3,c4 "$ROOTFS/tmp/other"
	labelled '.process.args = ["sh", "-c", "cat /tmp/own; cat /tmp/other"]'
	run_fg
	equals "$output" $'own\nother'
	run_enforced
	equals "$output" "own
cat: can't open '/tmp/other': Permission denied"
}

@test "enforced: create, exec, kill and delete" {
	relabel --type=container_file_t
	relabel --range=s0:c1,c2
	labelled '.process.args = ["sleep", "1000"]'
	setenforce 1
	create
	start
	equals "$(rt exec "$ID" cat /proc/self/attr/current </dev/null | tr -d '\0')" "$label"
	rt kill "$ID" KILL
	wait_for 10 status_is stopped
	rtq delete "$ID"
	setenforce 0
}
