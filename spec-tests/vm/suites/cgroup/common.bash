# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the bats files of this suite: the container's cgroup as the kernel shows it.
# shellcheck source=spec-tests/lib/helpers.bash
. "$BATS_TEST_DIRNAME/../../../lib/helpers.bash"

CGROUP() { echo "/sys/fs/cgroup/$ID"; }
# FILE: its text in one line.
file() { tr '\n' ' ' <"/sys/fs/cgroup/$ID/$1" | sed 's/ $//'; }
file_is() { equals "$1: $(file "$1")" "$1: $2"; }
# FILE KEY: from a file of "key value" lines.
counter() { awk -v key="$2" '$1 == key { print $2 }' "/sys/fs/cgroup/$ID/$1"; }
# RESOURCES: a running container with these, as JSON.
limited() {
	config ".linux.resources += $1"
	run_detached
}
# POINTER FILTER: refused by its pointer, nothing left.
refused() {
	config "$2"
	fails "$1" create
	[[ ! -e $ROOT/$ID && ! -e /sys/fs/cgroup/$ID ]]
}
delete() { rtq delete --force "$ID"; }
# The disk that the system is on, "254:0".
disk() { lsblk -ndo MAJ:MIN "$(findmnt -nT /usr -o SOURCE)" | tr -d ' '; }
now_us() { awk '{ printf "%.0f", $1 * 1000000 }' /proc/uptime; }
