#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# linux.netDevices. The runtime runs in a network namespace of the test's own, which plays the host.
load ../lib/helpers
setup_file() {
	common_setup_file
	needs ip
	needs unshare
}
setup() {
	common_setup
	# a process holds the namespace; net COMMAND... runs in it
	env -u MASU_TEST_ID unshare -n sleep 300 3>&- &
	holder=$!
	wait_for 5 other_namespace "$holder"
	net ip link set lo up
	net ip link add v0 type veth peer name v0peer || skip "needs veth"
}
teardown() {
	common_teardown
	local failed=$?
	kill "$holder" ${other:-} 2>/dev/null || true
	return $failed
}
net() { nsenter -t "$holder" -n "$@"; }
inside() { nsenter -t "$(state pid)" -n "$@"; }
rt() { timeout -k 5 "${RT_TIMEOUT:-30}" nsenter -t "$holder" -n "$RUNTIME" --root "$ROOT" "$@" 3>&-; }
# DEVICES [FILTER]: a created container with them.
devices() { config ".linux.netDevices = $1 | ${2:-.}"; }
# What there is of a device, without what changes by itself.
picture() { net ip -j -d addr show dev "$1" | jq -Sc '.[0] | {ifname, ifindex, mtu, address, txqlen, ifalias, up: (.flags | index("UP") != null), master,
	addr: [.addr_info[] | select(.scope == "global") | {family, local, prefixlen, broadcast, address, "label": .label, metric}] | sort}'; }

@test "NET-01 NET-05 NET-09 NET-10 NET-11 NET-12: moved with name, addresses, attributes, and up" {
	net ip link set v0 mtu 1400 address 02:00:00:00:00:07 txqueuelen 77 alias "some words"
	net ip addr add 10.1.2.3/24 broadcast 10.1.2.255 dev v0
	net ip addr add 10.1.3.1 peer 10.1.3.2/32 dev v0 label v0:p2p
	net ip addr add 10.9.9.9/24 dev v0 valid_lft 100 preferred_lft 100
	net ip addr add 169.254.7.7/16 scope link dev v0
	net ip addr add 2001:db8::7/64 dev v0 nodad
	devices '{v0: {}}'
	create
	refute net ip link show v0
	local d
	d=$(inside ip -j -d addr show dev v0 | jq -c '.[0]')
	echo "$d"
	equals "$(jq -r '[.mtu, .address, .txqlen, .ifalias] | map(tostring) | join(" ")' <<<"$d")" "1400 02:00:00:00:00:07 77 some words"
	jq -e '.flags | index("UP")' <<<"$d"
	equals "$(jq -r '[.addr_info[] | select(.scope == "global") | "\(.local)/\(.prefixlen)"] | sort | join(" ")' <<<"$d")" \
		"10.1.2.3/24 10.1.3.1/32 2001:db8::7/64"
	equals "$(jq -r '.addr_info[] | select(.local == "10.1.2.3") | "\(.broadcast) \(.label) \(.valid_life_time)"' <<<"$d")" "10.1.2.255 v0 4294967295"
	equals "$(jq -r '.addr_info[] | select(.local == "10.1.3.1") | "\(.address) \(.label)"' <<<"$d")" "10.1.3.2 v0:p2p"
	refute grep -q 169.254 <<<"$d"
	rtq delete --force "$ID"
}

@test "NET-05 NET-17: renamed; two devices swap their names; the label follows" {
	net ip link add w0 type veth peer name w0peer
	net ip addr add 10.1.2.3/24 label v0:x dev v0
	devices '{v0: {name: "w0"}, w0: {name: "v0"}}'
	create
	equals "$(inside ip -j link | jq -r 'map(.ifname) | sort | join(" ")')" "lo v0 w0"
	equals "$(inside ip -j addr show dev w0 | jq -r '.[0].addr_info[] | select(.family == "inet") | .local + " " + .label')" "10.1.2.3 w0:x"
	rtq delete --force "$ID"
}

@test "NET-17: a name that the kernel chooses is none that another device is to have, whatever the order" {
	net ip link add w0 type veth peer name w0peer
	local order
	for order in '{v0: {name: "eth%d"}, w0: {name: "eth0"}}' '{w0: {name: "eth0"}, v0: {name: "eth%d"}}'; do
		devices "$order"
		create
		equals "$(inside ip -j link show | jq -r '[.[].ifname | select(. != "lo")] | sort | join(" ")')" "eth0 eth1"
		rtq delete --force "$ID"
		net ip link show v0 >/dev/null 2>&1 || net ip link add v0 type veth peer name v0peer
		net ip link show w0 >/dev/null 2>&1 || net ip link add w0 type veth peer name w0peer
	done
}

@test "NET-07 NET-08: a name that is taken, a template, an index that is taken" {
	env -u MASU_TEST_ID unshare -n sleep 300 3>&- &
	other=$!
	wait_for 5 other_namespace "$other"
	nsenter -t $other -n ip link add eth0 type veth peer name eth9
	devices '{v0: {name: "eth0"}}' '(.linux.namespaces[] | select(.type == "network")).path = "/proc/'$other'/ns/net"'
	local before
	before=$(picture v0)
	fails '/linux/netDevices/v0/name.*has a device of this name' create
	equals "$(picture v0)" "$before"
	config_patch '.linux.netDevices.v0.name = "eth%d"'
	create
	equals "$(inside ip -j link | jq -r 'map(.ifname) | sort | join(" ")')" "eth0 eth1 eth9 lo"
	# it is not the container's to take away
	rtq delete --force "$ID"
	nsenter -t $other -n ip link show eth1
}

@test "NET-03 NET-04 NET-06 NET-15: what cannot be moved" {
	devices '{nosuch0: {}}'
	fails '/linux/netDevices/nosuch0: .*find it on the host' create
	devices '{lo: {name: "lo1"}}'
	fails '/linux/netDevices/lo' create
	devices '{v0: {name: "a/b"}}'
	fails '/linux/netDevices/v0/name' create
	devices '{v0: {}}' '.linux.namespaces |= map(select(.type != "network"))'
	fails '/linux/netDevices.*network namespace' create
	devices '{v0: {}}' '(.linux.namespaces[] | select(.type == "network")).path = "/proc/'$holder'/ns/net"'
	fails '/linux/netDevices.*host.s network namespace' create
	net ip link show v0
}

@test "NET-16: a later failure gives the devices back as they were" {
	net ip link add br0 type bridge
	net ip link add w0 type veth peer name w0peer
	net ip link set w0 master br0
	net ip link set v0 up mtu 1300
	net ip addr add 10.1.2.3/24 dev v0 label v0:x
	net ip addr add 2001:db8::7/64 dev v0 nodad
	local v w
	v=$(picture v0) w=$(picture w0)
	devices '{v0: {name: "x0"}, w0: {}, zz: {}}'
	fails zz create
	equals "$(picture v0)" "$v"
	# the bridge belongs to its namespace: the kernel says so after the others went
	devices '{v0: {name: "x0"}, w0: {}, br0: {}}'
	fails 'netDevices/br0' create
	equals "$(picture v0)" "$v"
	equals "$(picture w0)" "$w"
	for hook in createRuntime createContainer; do
		devices '{v0: {name: "x0"}, w0: {}}' ".hooks.$hook = [{path: \"/bin/false\"}]"
		fails "$hook" create
		equals "$(picture v0)" "$v"
		equals "$(picture w0)" "$w"
	done
}

@test "the hooks see the device; macvlan; a container without a process" {
	net ip link add m0 link v0 type macvlan mode bridge || skip "needs macvlan"
	devices '{m0: {name: "eth0"}}' '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "nsenter -t $(sed \"s/.*\\\"pid\\\":\\([0-9]*\\).*/\\1/\") -n ip link show eth0"], env: ["PATH=/sbin:/usr/sbin:/bin:/usr/bin"]}]'
	create
	inside ip link show eth0
	rtq delete --force "$ID"
}

@test "in a user namespace" {
	devices '{v0: {name: "eth0"}}' '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	net ip addr add 10.1.2.3/24 dev v0
	create
	equals "$(inside ip -j addr show dev eth0 | jq -r '.[0].addr_info[] | select(.family == "inet") | .local')" 10.1.2.3
	rtq delete --force "$ID"
}
