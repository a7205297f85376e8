#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Terminals: the console socket, the caller's own terminal, sizes.
load ../lib/helpers
setup_file() { common_setup_file; }
setup() {
	needs python3
	common_setup
	SOCK=$BATS_TEST_TMPDIR/console.sock
	TTY=$BATS_TEST_TMPDIR/tty
}
teardown() { common_teardown; }

listen() {
	rm -f "$SOCK" "$TTY".*
	env -u MASU_TEST_ID python3 "$lib/console.py" listen "$SOCK" "$TTY" "$@" >/dev/null 2>"$TTY.err" 3>&- &
	wait_for 10 test -e "$TTY.ready"
}
tty_says() { grep -qE "$1" "$TTY"; }

@test "console socket: one descriptor, a payload, a terminal" {
	config '.process.terminal = true | .process.consoleSize = {"height": 11, "width": 22} | .process.args = ["sh", "-c", "tty; stty size; test -t 0 && test -t 1 && test -t 2 && echo all; ls -l /dev/console; sleep 100"]'
	listen
	create --console-socket "$SOCK"
	wait_for 5 test -e "$TTY.info"
	cat "$TTY.info"
	matches "$(cat "$TTY.info")" '^fds 1 payload [1-9][0-9]* tty 1 rows 11 cols 22'
	start
	wait_for 5 tty_says '^11 22'
	wait_for 5 tty_says '^all'
	tty_says '/dev/(console|pts/0)'
	tty_says '^crw.*/dev/console'
	rtq delete --force "$ID"
	nothing_left
}

@test "console socket: input arrives, the program has a controlling terminal" {
	config '.process.terminal = true | .process.args = ["sh", "-c", "read x; echo got-$x; echo y >/dev/tty; sleep 100"]'
	listen 'hello\n'
	create --console-socket "$SOCK"
	start
	wait_for 5 tty_says '^got-hello'
	wait_for 5 tty_says '^y'
}

@test "terminal without a socket when nobody waits: an error" {
	config '.process.terminal = true'
	fails 'console|terminal|tty' create
	nothing_left
	fails 'console|terminal|tty' run_detached
	nothing_left
}

@test "console socket without a terminal: an error" {
	listen
	fails 'console|terminal|tty' create --console-socket "$SOCK"
	nothing_left
}

@test "console socket that nobody listens on: an error" {
	config '.process.terminal = true'
	fails . create --console-socket "$BATS_TEST_TMPDIR/nosuch"
	nothing_left
}

@test "console socket with a path longer than a socket address" {
	config '.process.terminal = true | .process.args = ["sh", "-c", "echo up; sleep 100"]'
	local deep
	deep=$BATS_TEST_TMPDIR/$(printf 'd%.0s' {1..120})
	mkdir "$deep"
	listen
	mv "$SOCK" "$deep/s"
	create --console-socket "$deep/s"
	start
	wait_for 5 tty_says '^up'
}

@test "run on a terminal: output, exit code, size" {
	config '.process.terminal = true | .process.args = ["sh", "-c", "stty size; tty; exit 5"]'
	status=0
	python3 "$lib/console.py" run "$TTY" --size 33x44 -- "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" 3>&- || status=$?
	cat "$TTY"
	equals "$status" 5
	tty_says '^33 44'
	nothing_left
}

@test "run on a terminal: a resize and input are passed on" {
	config '.process.terminal = true | .process.args = ["sh", "-c", "trap \"stty size\" WINCH; echo up; until read x; do :; done; echo got-$x; stty size"]'
	python3 "$lib/console.py" run "$TTY" --size 20x30 --resize 50x60 --input 'word\r' -- "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" 3>&-
	cat "$TTY"
	tty_says '^got-word'
	tty_says '^50 60'
	nothing_left
}

@test "run on a terminal: control-C reaches the program, not the runtime" {
	config '.process.terminal = true | .process.args = ["sh", "-c", "trap \"echo interrupted; exit 4\" INT; echo up; while :; do sleep 0.05; done"]'
	status=0
	python3 "$lib/console.py" run "$TTY" --input '\x03' -- "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" 3>&- || status=$?
	cat "$TTY"
	equals "$status" 4
	tty_says 'interrupted'
}

@test "exec --tty on a terminal" {
	run_detached
	status=0
	python3 "$lib/console.py" run "$TTY" --size 12x34 -- "$RUNTIME" --root "$ROOT" exec --tty "$ID" sh -c 'test -t 0 && stty size; exit 6' 3>&- || status=$?
	cat "$TTY"
	equals "$status" 6
	tty_says '^12 34'
}

@test "exec --tty: the size is there before the program, however late the relay is" {
	needs strace
	run_detached
	python3 "$lib/console.py" run "$TTY" --size 12x34 -- strace -o /dev/null -e trace=recvmsg -e inject=recvmsg:delay_enter=200000 \
		"$RUNTIME" --root "$ROOT" exec --tty "$ID" stty size 3>&-
	tty_says '^12 34'
}

@test "exec --tty --console-socket --detach" {
	run_detached
	listen
	rtq exec --tty --console-socket "$SOCK" --detach --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" sh -c 'tty; echo up; sleep 100'
	wait_for 5 tty_says '^up'
	matches "$(cat "$TTY.info")" '^fds 1 payload [1-9][0-9]* tty 1'
}
