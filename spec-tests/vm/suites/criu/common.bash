# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the bats files of this suite: a container that counts, saved and restored.
# shellcheck source=spec-tests/lib/helpers.bash
. "$BATS_TEST_DIRNAME/../../../lib/helpers.bash"

count='i=0; while :; do i=$((i+1)); echo $i >/tmp/count; sleep 0.1; done'

criu_setup_file() {
	common_setup_file
	needs criu
	criu check >/dev/null 2>&1 || skip "criu does not work on this kernel: $(criu check 2>&1 | tail -n 1)"
}
criu_setup() {
	common_setup
	IMAGES=$BATS_TEST_TMPDIR/images WORK=$BATS_TEST_TMPDIR/work
	rm -f "$ROOTFS/tmp/count"
	counting .
}
# FILTER [JQ OPTIONS]: the common document with a counting shell.
counting() { config '.process.args = ["sh", "-c", $count] | '"$1" --arg count "$count" "${@:2}"; }
number() { cat "$ROOTFS/tmp/count" 2>/dev/null; }
# NUMBER: it has counted further than that.
beyond() { local n; n=$(number); [[ $n ]] && ((n > $1)); }
counts() { wait_for 10 beyond "${1:-0}"; }
still() { local n; n=$(number); sleep 0.5; equals "$(number)" "$n"; }
checkpoint() { rtq checkpoint --image-path "$IMAGES" --work-path "$WORK" "$@" "$ID"; }
restore() { rtq restore --detach --bundle "$BUNDLE" --image-path "$IMAGES" --work-path "$WORK" "$@" "$ID"; }
# The count goes on from where it was, not from 1.
goes_on() { counts "$1"; }
# A file of the outside as stdout cannot be saved: criu does not find its mount.
run_detached() { rt run --detach --bundle "$BUNDLE" "$@" "$ID" </dev/null >/dev/null 2>&1; }
create() { rt create --bundle "$BUNDLE" "$@" "$ID" </dev/null >/dev/null 2>&1; }
gone() { [[ ! -e $ROOT/$ID && -z $(state status) ]]; }
pid() { state pid; }
delete() { rtq delete --force "$ID"; }
# KEY: of the process's status.
of_status() { awk -v k="$1:" '$1 == k { print $2 }' "/proc/$(pid)/status"; }
