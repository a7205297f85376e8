#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Images are exchanged with runc, both ways: the names of what belongs to the outside are the same.
load common
setup_file() { criu_setup_file; }
setup() {
	needs runc
	criu_setup
	mkdir -p "$BATS_TEST_TMPDIR/data"
	counting '.mounts += [{"destination": "/data", "type": "bind", "source": $d, "options": ["rbind"]}]' --arg d "$BATS_TEST_TMPDIR/data"
}
teardown() {
	runc --root "$BATS_TEST_TMPDIR/runc" delete --force "$ID" >/dev/null 2>&1 || true
	common_teardown
}
runc_() { timeout 100 runc --root "$BATS_TEST_TMPDIR/runc" "$@" 3>&- </dev/null >"$OUT" 2>&1 || { cat "$OUT"; return 1; }; }

@test "saved by runc, restored by masu" {
	timeout 100 runc --root "$BATS_TEST_TMPDIR/runc" run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	counts 2
	runc_ checkpoint --image-path "$IMAGES" --work-path "$WORK" "$ID"
	n=$(number)
	restore
	goes_on "$n"
	rtq exec "$ID" sh -c 'echo x >/data/new'
	[[ -s $BATS_TEST_TMPDIR/data/new ]]
	delete
}

@test "saved by masu, restored by runc" {
	run_detached
	counts 2
	checkpoint
	n=$(number)
	mkdir -p "$WORK"
	runc_ restore --detach --bundle "$BUNDLE" --image-path "$IMAGES" --work-path "$WORK" "$ID"
	goes_on "$n"
	runc_ delete --force "$ID"
}
