# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2046
# podman of an ordinary user with masu as its runtime, for test-podman-rootless and for the guest's suite podman-rootless: sourced by that
# user, 1000, who has the ids 100000 to 165535. WORLD says what else he has:
#   session  a unit of a systemd of his own, which passes controllers on
#   bare     nothing: no systemd, no XDG_RUNTIME_DIR, a cgroup that is root's
# NOTIFIER is lib/notifier.c, static.
set -u
top=${MASU_SRCDIR:?}
. "$top/spec-tests/engines/lib.bash"
factor=${WAIT_FACTOR:-1}
# podman wants no more than 50 characters below it.
D=$(mktemp -d "${BASE:-/var/tmp}/p.XXXXXX")
cd "$D" || exit 1
trap 'P rm -af -t 0 >/dev/null 2>&1; P unshare rm -rf "$D" >/dev/null 2>&1; rm -rf "$D" 2>/dev/null' EXIT
# As users are told to have it.
export CONTAINERS_CONF=$top/contrib/engines/podman.conf
manager=systemd
[[ $WORLD == session ]] || manager=cgroupfs

make_root "$D/root"
cp "$NOTIFIER" "$D/root/bin/notifier"
tar --owner 0 --group 0 -C "$D/root" -cf "$D/bb.tar" .
mkdir "$D/data"
echo text >"$D/data/file"

P() { podman --root "$D/storage" --runroot "$D/run" --tmpdir "$D/tmp" --storage-driver overlay --cgroup-manager "$manager" --runtime "$MASU" "$@" </dev/null; }
run() { P run --network none "$@"; }
# What podman itself has to say is not what the container says.
says() { # WANT COMMAND...
	local want=$1 got
	shift
	got=$("$@" 2>"$D/err" | tr '\t\n' '  ' | tr -d '\r' | tr -s ' ' | sed 's/^ //; s/ $//')
	same "$want" "$got" || { cat "$D/err"; return 1; }
}
fails() { # REGEX COMMAND...
	local want=$1 code=0
	shift
	"$@" >"$D/out" 2>&1 || code=$?
	((code)) && grep -qE "$want" "$D/out" || { echo "exit $code:"; cat "$D/out"; return 1; }
}
inspected() { P inspect "$1" | jq -r ".[0].$2"; }
is_now() { # NAME FIELD WANT
	local end=$((SECONDS + 10 * factor))
	until [[ $(inspected "$1" "$2") == "$3" ]]; do
		((SECONDS < end)) || { same "$3" "$(inspected "$1" "$2")"; return 1; }
		sleep 0.2
	done
}
all() { # COMMANDS: the lines of its input, every one has to succeed
	local line
	while read -r line <&9; do
		[[ -z $line ]] || eval "$line" || { echo "failed: $line"; return 1; }
	done 9<<<"$1"
}

# ---- what works in both worlds ----

volumes() {
	all '
		says "text" run --rm -v "$D/data:/mnt:ro" localhost/bb cat /mnt/file
		exits 1 run --rm -v "$D/data:/mnt:ro" localhost/bb touch /mnt/x
		run --rm -v "$D/data:/mnt" localhost/bb touch /mnt/mine
		run --rm --user 33:33 -v "$D/data:/mnt" localhost/bb sh -c "! touch /mnt/other"
		same 1000:1000 "$(stat -c %u:%g "$D/data/mine")"
		run --rm -v named:/v localhost/bb sh -c "touch /v/x && chown 33:33 /v/x"
		says 33:33 run --rm -v named:/v localhost/bb stat -c %u:%g /v/x
		same 100032:100032 "$(stat -c %u:%g "$D/storage/volumes/named/_data/x")"
		says tmpfs run --rm --tmpfs /t localhost/bb sh -c "stat -f -c %T /t"'
}
keep_id() {
	all '
		says "1000 1000" run --rm --userns keep-id localhost/bb sh -c "id -u; id -g"
		run --rm --userns keep-id -v "$D/data:/mnt" localhost/bb touch /mnt/kept
		same 1000:1000 "$(stat -c %u:%g "$D/data/kept")"
		says "0 1 1000 1000 0 1 1001 1001 64536" run --rm --userns keep-id localhost/bb cat /proc/self/uid_map'
}
# Out of the ids that the user has: the map is seen from podman's own user namespace.
auto() { says "0 1 1000" run --rm --userns auto:size=1000 localhost/bb cat /proc/self/uid_map; }
read_only() {
	all '
		exits 1 run --rm --read-only localhost/bb touch /x
		run --rm --read-only localhost/bb touch /tmp/x
		exits 1 run --rm --read-only --read-only-tmpfs=false localhost/bb touch /tmp/x'
}
codes() {
	all '
		exits 7 run --rm localhost/bb sh -c "exit 7"
		exits 127 run --rm localhost/bb nosuch
		exits 126 run --rm localhost/bb /etc'
}
detached_code() {
	all '
		run -d --name d1 localhost/bb sh -c "echo out; echo err >&2; exit 5"
		same 5 "$(P wait d1)"
		is_now d1 State.ExitCode 5
		is_now d1 State.Status exited
		says out P logs d1
		same "out err" "$(echo $(P logs d1 2>&1 | sort -r))"
		exits 5 P start -a d1
		P rm d1'
}
exec_() {
	all '
		says "hello" P exec c1 echo hello
		exits 9 P exec c1 sh -c "exit 9"
		exits 127 P exec c1 nosuch
		says "33" P exec --user 33 c1 id -u
		says "/tmp value" P exec -w /tmp -e KEY=value c1 sh -c "pwd; echo \$KEY"
		says /dev/pts/0 P exec -t c1 tty
		P exec -d c1 touch /tmp/later
		until P exec c1 test -e /tmp/later; do sleep 0.2; done'
}
top_() { P top c1 pid user args | grep -q "sleep 1000"; }
signals() {
	all '
		run -d --name s1 localhost/bb sh -c "trap \"echo usr\" USR1; trap \"echo term; exit 3\" TERM; echo ready; while :; do sleep 0.1; done"
		until P logs s1 | grep -q ready; do sleep 0.2; done
		P kill -s USR1 s1
		until P logs s1 | grep -q usr; do sleep 0.2; done
		P stop -t 60 s1
		is_now s1 State.ExitCode 3
		P logs s1 | grep -q term
		P start s1
		P kill s1
		is_now s1 State.ExitCode 137
		P restart -t 0 s1
		is_now s1 State.Status running
		P rm -f -t 0 s1'
}
stop() {
	all '
		P stop -t 1 c1
		is_now c1 State.ExitCode 137
		P start c1
		is_now c1 State.Status running
		P stop -t 0 c1
		P rm c1'
}
health() {
	all '
		run -d --name h1 --health-cmd "test -e /tmp/well" --health-interval disable localhost/bb sleep 1000
		exits 1 P healthcheck run h1
		P exec h1 touch /tmp/well
		P healthcheck run h1
		is_now h1 "State.Health.Status // .[0].State.Healthcheck.Status" healthy
		P rm -f -t 0 h1'
}
pod() {
	all '
		P pod create --name p1 --network none --share ipc,net,uts --hostname poddy
		P run -d --pod p1 --name p1a localhost/bb sh -c "echo one >/dev/shm/x; sleep 1000"
		P run -d --pod p1 --name p1b localhost/bb sleep 1000
		same "$(P exec p1a readlink /proc/1/ns/net)" "$(P exec p1b readlink /proc/1/ns/net)"
		says poddy P exec p1b hostname
		says one P exec p1b cat /dev/shm/x
		P pod stop -t 0 p1
		P pod start p1
		P exec p1a true
		P pod rm -f -t 0 p1'
}
readiness() {
	local manager_pid code=0 end=$((SECONDS + 20 * factor))
	python3 "$top/spec-tests/lib/manager.py" "$D/manager" "$D/said" &
	manager_pid=$!
	until grep -qs ready "$D/said"; do sleep 0.1; done
	NOTIFY_SOCKET=$D/manager run -d --name n1 --sdnotify container localhost/bb notifier sleep=0.3 READY=1 sleep=1000 || code=1
	until grep -q READY=1 "$D/said"; do
		((SECONDS < end)) || { code=1; cat "$D/said"; break; }
		sleep 0.1
	done
	kill "$manager_pid"
	P rm -f -t 0 n1
	return $code
}
host_network() { says "$(awk 'NR > 2 { print $1 }' /proc/net/dev | sort | tr '\n' ' ' | sed 's/ $//')" P run --rm --network host localhost/bb sh -c "awk 'NR > 2 { print \$1 }' /proc/net/dev | sort"; }
own_network() { says "10.0.2.100/24" P run --rm --network slirp4netns localhost/bb sh -c "ip -4 addr show tap0 | awk '/inet/ { print \$2 }'"; }
build() {
	printf 'FROM localhost/bb\nRUN echo built >/x && chown 33:33 /x\n' >"$D/Containerfile"
	all '
		P build --network none --isolation oci -t localhost/made -f "$D/Containerfile" "$D/data"
		says "built 33" run --rm localhost/made sh -c "cat /x; stat -c %u /x"'
}
hardened() {
	all '
		says 1 run --rm --security-opt no-new-privileges localhost/bb sed -n "s/NoNewPrivs:.//p" /proc/self/status
		says 2 run --rm localhost/bb sed -n "s/Seccomp:.//p" /proc/self/status
		says 0000000000000000 run --rm --cap-drop ALL localhost/bb sed -n "s/CapEff:.//p" /proc/self/status
		exits 1 run --rm localhost/bb sh -c "echo 1 >/proc/sysrq-trigger"
		says "" run --rm localhost/bb cat /proc/keys
		says "" run --rm localhost/bb ls /sys/firmware'
}
with_init() { # NAME COMMAND...: podman looks for it in these places
	if [[ -x /usr/libexec/podman/catatonit || -x /usr/lib/podman/catatonit || -x /usr/bin/catatonit ]]; then
		ok "$@"
	else
		skip "$1" 'catatonit is not installed'
	fi
}
begin() {
	ok 'import' P import "$D/bb.tar" localhost/bb
	ok 'masu is the runtime, without root' says "$MASU $manager true" P info --format '{{.Host.OCIRuntime.Path}} {{.Host.CgroupManager}} {{.Host.Security.Rootless}}'
}
both_worlds() {
	ok 'exit codes' codes
	ok 'root inside is this user; the other ids are those of /etc/subuid' says "0 1000 1 1 100000 65536" run --rm localhost/bb cat /proc/self/uid_map
	ok 'detached: the exit code, logs, start --attach' detached_code
	ok 'volumes, and whose the files are' volumes
	ok 'user namespace: keep-id' keep_id
	ok 'user namespace: auto' auto
	ok 'build' build
	ok 'read-only root' read_only
	ok 'terminal' says /dev/pts/0 run --rm -t localhost/bb tty
	with_init 'an init of podman' says 2 run --rm --init localhost/bb sh -c 'echo $$'
	ok 'confinement' hardened
	ok 'run' run -d --name c1 localhost/bb sleep 1000
	ok 'exec' exec_
	ok 'top' top_
	ok 'signals, stop, start, restart, kill' signals
	ok 'health check by hand' health
	with_init 'pod' pod
	ok 'readiness of a container' readiness
	ok "the host's network" host_network
	if ! command -v slirp4netns >/dev/null; then
		skip 'a network of its own by slirp4netns' 'slirp4netns is not installed'
	elif ! { : >/dev/net/tun; } 2>/dev/null; then
		skip 'a network of its own by slirp4netns' 'this user may not open /dev/net/tun'
	else
		ok 'a network of its own by slirp4netns' own_network
	fi
	ok 'no cgroup at all' says "7" P run --rm --network none --cgroups=disabled localhost/bb echo 7
}
gone() { # neither states of masu nor units
	local end=$((SECONDS + 5 * factor)) left
	while :; do
		left=$(find "$D" "${XDG_RUNTIME_DIR:-${TMPDIR:-/nowhere}}" -path '*/masu/*' -not -path '*/masu/.*' 2>/dev/null
			[[ $WORLD == bare ]] || systemctl --user list-units --all --plain --no-legend 'libpod-*'
			find /sys/fs/cgroup -type d -name 'libpod-*')
		[[ $left ]] || return 0
		((SECONDS < end)) || { echo "$left"; return 1; }
		sleep 0.2
	done
}
