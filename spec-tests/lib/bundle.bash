# SPDX-License-Identifier: Apache-2.0
# Makes bundles out of static busybox. Sourced by tests, by the bench and by contrib/quickstart; needs bash and jq.

bundle_lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# The static busybox of this machine; empty when there is none.
bundle_busybox() {
	local b
	for b in "${BUSYBOX:-}" /bin/busybox /usr/bin/busybox /bin/busybox.static /usr/lib/busybox/busybox-static; do
		if [[ -x $b ]] && ! LC_ALL=C ldd "$b" 2>/dev/null | grep -q '=>'; then
			echo "$b"
			return
		fi
	done
}

# DIR [OWNER]: a root file system of hard-linked applets.
bundle_rootfs() {
	local dir=$1 bb applet
	bb=$(bundle_busybox)
	[[ -n $bb ]] || return 1
	mkdir -p "$dir"/{bin,dev,etc,home,proc,root,run,sys,tmp,usr/bin,var}
	cp "$bb" "$dir/bin/busybox"
	# One process if it can, three hundred if not: that counts in an emulated machine.
	"$dir/bin/busybox" --install "$dir/bin" 2>/dev/null || for applet in $("$bb" --list); do
		[[ $applet == busybox ]] || ln -f "$dir/bin/busybox" "$dir/bin/$applet"
	done
	ln -f "$dir/bin/busybox" "$dir/usr/bin/env"
	chmod 1777 "$dir/tmp"
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home:/bin/sh\n' >"$dir/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\nstaff:x:50:user\n' >"$dir/etc/group"
	[[ -z ${2:-} ]] || chown -R "$2" "$dir"
}

# DIR ROOTFS [FILTER [JQ OPTIONS]]: a bundle whose config.json is lib/config.json changed by FILTER.
bundle_make() {
	local dir=$1 rootfs=$2 filter=${3:-.}
	mkdir -p "$dir"
	jq --arg rootfs "$rootfs" ".root.path = \$rootfs | $filter" "${@:4}" <"$bundle_lib/config.json" >"$dir/config.json"
}
