#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Terminals that are not the container's own.
load common
setup_file() { criu_setup_file; }
setup() { criu_setup; }
teardown() {
	[[ -z ${holder:-} ]] || kill "$holder" 2>/dev/null
	common_teardown
}

# Its device lies in mounts that the container does not have.
@test "a terminal of the outside: refused, also as the job of a shell" {
	python3 "$lib/console.py" run "$BATS_TEST_TMPDIR/out" -- "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" 3>&- &
	holder=$!
	counts 3
	fails "Can't lookup mount=[0-9]+ for fd=0 path=/dev/pts/" checkpoint
	fails "Can't lookup mount=[0-9]+ for fd=0 path=/dev/pts/" checkpoint --shell-job
	status_is running
	counts "$(number)"
}
