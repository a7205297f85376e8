#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Many containers at once; large root file systems.
load ../lib/helpers
setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { common_teardown; }

@test "50 containers at once" {
	local i n=0 p
	for i in $(seq 50); do
		mkdir "$BATS_TEST_TMPDIR/b$i"
		jq --arg id "$ID-$i" '.process.args = ["sh", "-c", "sleep 0.2; exit \($id | split("-")[-1])"] | .linux.cgroupsPath = "/" + $id' "$BUNDLE/config.json" >"$BATS_TEST_TMPDIR/b$i/config.json"
		RT_TIMEOUT=60 rt run --bundle "$BATS_TEST_TMPDIR/b$i" "$ID-$i" </dev/null >/dev/null 2>"$BATS_TEST_TMPDIR/err$i" &
		eval "p$i=$!"
	done
	for i in $(seq 50); do
		local code=0
		p=p$i
		wait "${!p}" || code=$?
		((code == i)) || { echo "$i: exit $code, $(cat "$BATS_TEST_TMPDIR/err$i")"; ((++n)); }
	done
	equals $n 0
	equals "$(rt list -q)" ""
	nothing_left
}

@test "one id asked for by many at once: one gets it" {
	local i won=0
	for i in $(seq 8); do
		(create >"$BATS_TEST_TMPDIR/out$i" 2>&1 && echo yes >"$BATS_TEST_TMPDIR/won$i") &
	done
	wait
	for i in $(seq 8); do
		[[ ! -e $BATS_TEST_TMPDIR/won$i ]] || ((++won))
	done
	equals $won 1
	status_is created
	start
}

@test "list beside creates and deletes never fails" {
	local i n=0
	(for i in $(seq 15); do
		rt run --bundle "$BUNDLE" --detach "$ID" </dev/null >/dev/null 2>&1
		rt delete --force "$ID" </dev/null >/dev/null 2>&1
	done) &
	while kill -0 $! 2>/dev/null; do
		{ rt list --format json >"$OUT" && jq . "$OUT" >/dev/null; } || ((++n))
	done
	wait $! || true
	equals $n 0
}

@test "a whole Debian" {
	needs mmdebstrap
	local deb=$BATS_TEST_TMPDIR/debian
	# a machine with a wrong clock still gets its Debian
	timeout 300 mmdebstrap --aptopt='Acquire::Check-Valid-Until "false"' --variant=essential bookworm "$deb" http://deb.debian.org/debian >"$OUT" 2>&1 </dev/null 3>&- ||
		skip "mmdebstrap: $(grep -m 1 '^E:' "$OUT" || echo 'no answer in 300 s')"
	ROOTFS=$deb config '.process.args = ["/bin/bash", "-c", ". /etc/os-release; echo $ID; dpkg-query -W -f=x | wc -c; perl -e \"print 6*7\""]'
	run_fg
	equals "$status" 0
	matches "$output" $'^debian\n[0-9]+\n42$'
	rm -rf "$deb"
}
