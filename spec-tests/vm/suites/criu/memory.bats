#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Memory that does not go through the directory of the images: to a page server, and on demand to a container that runs already.
load common
setup_file() { criu_setup_file; }
setup() {
	criu_setup
	PAGES=$BATS_TEST_TMPDIR/pages
	PORT=$((20000 + $$ % 20000))
	mkdir -p "$PAGES" "$WORK" "$BATS_TEST_TMPDIR/lazy"
	remembering
}
teardown() {
	[[ -z ${server:-} ]] || kill "$server" 2>/dev/null || true
	[[ -z ${saver:-} ]] || kill "$saver" 2>/dev/null || true
	common_teardown
}

# A program with eight megabytes that no other has: says whether they are what they were.
remembering() {
	cat >"$ROOTFS/tmp/memory.py" <<-'EOT'
		import os, time, zlib
		data = bytearray(os.urandom(8 << 20))
		was = zlib.crc32(data)
		for i in range(1 << 30):
		    open("/tmp/count", "w").write("%d\n" % i)
		    if os.path.exists("/tmp/ask"):
		        answer = "same" if zlib.crc32(data) == was else "other"
		        os.unlink("/tmp/ask")
		        open("/tmp/answer.new", "w").write(answer)
		        os.rename("/tmp/answer.new", "/tmp/answer")
		    time.sleep(0.1)
	EOT
	rm -f "$ROOTFS"/tmp/{ask,answer}
	counting '.process.args = ["/usr/bin/python3", "/tmp/memory.py"]
		| .mounts += [["/usr", "/lib", "/lib64"][] | {destination: ., type: "bind", source: ("/usr" + . | sub("/usr/usr"; "/usr")), options: ["rbind", "ro"]}]'
}
remembers() {
	: >"$ROOTFS/tmp/ask"
	wait_for 20 test -s "$ROOTFS/tmp/answer"
	equals "$(<"$ROOTFS/tmp/answer")" same
	rm "$ROOTFS/tmp/answer"
}
size() { du -cb "$1"/pages-*.img 2>/dev/null | tail -n 1 | cut -f1; }
listens() { grep -q ":$(printf %04X "$PORT") 00000000:0000 0A" /proc/net/tcp; }
page_server() {
	criu page-server --images-dir "$PAGES" --address 127.0.0.1 --port "$PORT" -o "$WORK/server.log" 3>&- </dev/null &
	server=$!
	wait_for 10 listens
}

@test "page server: memory goes there, and comes back" {
	run_detached
	counts 3
	page_server
	checkpoint --page-server "127.0.0.1:$PORT"
	gone
	wait "$server"
	server=
	(($(size "$PAGES") > 8000000))
	[[ -z $(size "$IMAGES") || $(size "$IMAGES") == 0 ]]
	n=$(number)
	fails "run criu" restore
	cp "$PAGES"/*.img "$IMAGES"
	restore
	goes_on "$n"
	remembers
	delete
}

@test "page server: nobody there" {
	run_detached
	counts 3
	fails "run criu .*dump.log" checkpoint --page-server "127.0.0.1:$PORT"
	status_is running
	counts "$(number)"
	remembers
	delete
}

@test "lazy pages: it runs before its memory is there" {
	criu check --feature uffd >/dev/null 2>&1 || skip "this kernel has no userfaultfd for criu"
	run_detached
	counts 3
	first=$ID
	mkfifo "$BATS_TEST_TMPDIR/ready"
	exec 7<>"$BATS_TEST_TMPDIR/ready"
	rt checkpoint --image-path "$IMAGES" --work-path "$WORK" --lazy-pages --page-server "127.0.0.1:$PORT" --status-fd 7 "$ID" \
		</dev/null >"$OUT" 2>"$ERR" &
	saver=$!
	timeout 100 head -c 1 <&7 | od -An -tx1 >"$BATS_TEST_TMPDIR/byte"
	equals "$(tr -d ' ' <"$BATS_TEST_TMPDIR/byte")" 00
	[[ -s $IMAGES/inventory.img ]]
	n=$(number)
	still
	# All that is not lazy: not the eight megabytes.
	(($(size "$IMAGES") < 8000000))
	criu lazy-pages --page-server --address 127.0.0.1 --port "$PORT" --images-dir "$IMAGES" --work-dir "$WORK" -v4 -o "$WORK/lazy.log" 3>&- 7>&- </dev/null &
	server=$!
	wait_for 20 test -S "$WORK/lazy-pages.socket"
	ID=$ID-other
	config_patch ".linux.cgroupsPath = \"/$ID\""
	restore --lazy-pages
	goes_on "$n"
	remembers
	wait "$server"
	server=
	wait "$saver"
	saver=
	grep -q "uffd" "$WORK/lazy.log"
	remembers
	delete
	# The saved one is gone, as after any checkpoint.
	[[ ! -e $ROOT/$first && ! -e /sys/fs/cgroup/$first ]]
	exec 7>&-
	ID=$first
}

@test "lazy pages: nobody serves them" {
	criu check --feature uffd >/dev/null 2>&1 || skip "this kernel has no userfaultfd for criu"
	run_detached
	counts 3
	checkpoint
	fails "run criu .*restore.log" restore --lazy-pages
	gone
	[[ ! -e /sys/fs/cgroup/$ID ]]
	restore
	remembers
	delete
}
