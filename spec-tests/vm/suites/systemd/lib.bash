# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# For the tests of this suite: TAP, a bundle, and looking at units. MASU is the program. Needs root and a running systemd.
set -u
MASU=$(realpath -s "$(command -v "${RUNTIME:-${MASU:?the path of masu}}")")
[[ -d /run/systemd/system ]] || { echo "no systemd runs here"; exit 77; }
[[ $(id -u) == 0 ]] || { echo "needs root"; exit 77; }
work=$(mktemp -d "${TMPDIR:-/tmp}/masu-systemd.XXXXXX")
chmod 755 "$work"
n=0 bad=0
factor=${WAIT_FACTOR:-1}

ok() { # RC NAME
	((++n))
	if (($1 == 0)); then echo "ok $n - $2"; else
		echo "not ok $n - $2"
		bad=1
		[[ ! -s $work/log ]] || sed 's/^/# /' "$work/log"
	fi
}
is() { # NAME GOT WANTED
	[[ $2 == "$3" ]]
	local rc=$?
	ok $rc "$1"
	((rc == 0)) || printf '# got    %q\n# wanted %q\n' "$2" "$3"
}
like() { # NAME TEXT REGEX
	[[ $2 =~ $3 ]]
	local rc=$?
	ok $rc "$1"
	((rc == 0)) || printf '# got %q\n' "$2"
}
finish() {
	echo "1..$n"
	rm -rf "$work"
	exit $bad
}

# bundle DIR [JQ-FILTER]
bundle() {
	mkdir -p "$1/rootfs/bin"
	cp "$(command -v busybox)" "$1/rootfs/bin/"
	for a in sh sleep cat ls mknod dd mkdir; do ln -sf busybox "$1/rootfs/bin/$a"; done
	(cd "$1" && rm -f config.json && "$MASU" spec && jq ".process.terminal=false | ${2:-.}" config.json >c && mv c config.json)
}
masu() { "$MASU" --root "$work/state" --systemd-cgroup "$@"; }
scope() { echo "/sys/fs/cgroup/system.slice/masu-$1.scope"; }
show() { systemctl show "$1" -p "$2" --value; }
file() { tr '\n' ' ' <"$(scope "$1")/$2" | sed 's/ $//'; }
# SECONDS COMMAND...: until it succeeds. A slow machine sets WAIT_FACTOR.
wait_for() {
	local end=$((SECONDS + $1 * factor))
	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}
stopped() { [[ $(masu state "$1" | jq -r .status) == stopped ]]; }
unit_gone() { # ID
	[[ $(show "masu-$1.scope" ActiveState) == inactive && ! -e $(scope "$1") && ! -e $work/state/$1 && -z $(pgrep -x masu-keeper) ]]
}
# No unit, no cgroup, no process, no state.
nothing_left() { # ID
	! wait_for 5 unit_gone "$1" || return 0
	systemctl status "masu-$1.scope" | sed 's/^/# /'
	ls -d "$(scope "$1")" "$work/state/$1" 2>/dev/null | sed 's/^/# left: /'
	pgrep -a masu | sed 's/^/# left: /'
	return 1
}
