# SPDX-License-Identifier: Apache-2.0
# Shared by the engine tests: TAP lines, an image from the host's static busybox, one private world per run (mounts, network, pids),
# so that nothing of an engine stays behind but empty cgroups, which are removed.
MASU=${MASU:-$(command -v masu)}
tests=0 failed=0

ok() { # NAME COMMAND...: ok if the command succeeds
	local name=$1
	shift
	tests=$((tests + 1))
	if out=$("$@" 2>&1); then
		echo "ok $tests - $name"
	else
		failed=$((failed + 1))
		echo "not ok $tests - $name"
		sed 's/^/# /' <<<"$out"
	fi
}

skip() { # NAME WHY
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}

skip_all() { # WHY
	echo "1..0 # SKIP $1"
	exit 0
}

finish() {
	echo "1..$tests"
	exit $((failed > 0))
}

need() { # PROGRAM...
	local p
	((EUID == 0)) || skip_all "needs root"
	for p; do
		command -v "$p" >/dev/null || skip_all "$p is not installed"
	done
	[[ -x $MASU ]] || skip_all "no masu: set MASU"
	grep -q . /sys/fs/cgroup/cgroup.controllers 2>/dev/null || [[ -d /sys/fs/cgroup/memory ]] || skip_all "no cgroups are mounted"
}

# The script again, in namespaces of its own.
private_world() {
	[[ ${MASU_PRIVATE_WORLD:-} ]] && return
	MASU_PRIVATE_WORLD=$(mktemp -d /tmp/masu-engine-XXXXXX) MASU=$MASU unshare --mount --pid --net --fork --mount-proc \
		--propagation private bash "./${0##*/}" "$@"
	local status=$?
	exit $status
}

make_root() { # DIR
	local applet
	mkdir -p "$1"/{bin,etc,proc,sys,dev,tmp,root}
	cp "$(command -v busybox)" "$1/bin/busybox"
	for applet in $("$1/bin/busybox" --list); do
		[[ $applet == busybox ]] || ln -sf busybox "$1/bin/$applet"
	done
	echo 'root:x:0:0:root:/root:/bin/sh' >"$1/etc/passwd"
	echo 'root:x:0:' >"$1/etc/group"
}

remove_cgroups() { # NAME
	[[ -n ${1:-} ]] || return 0 # every empty cgroup of the host would match
	find /sys/fs/cgroup -depth -type d -path "*/$1*" -exec rmdir {} \; 2>/dev/null
	return 0
}

# SECONDS COMMAND...: until it succeeds. A slow machine sets WAIT_FACTOR.
wait_for() {
	local end=$((SECONDS + $1 * ${WAIT_FACTOR:-1}))
	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

same() { # WANT GOT
	[[ $1 == "$2" ]] || {
		echo "wanted: $1"
		echo "got:    $2"
		return 1
	}
}

exits() { # CODE COMMAND...
	local want=$1 code=0
	shift
	"$@" || code=$?
	same "$want" "$code"
}
