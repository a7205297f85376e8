# SPDX-License-Identifier: Apache-2.0
"""What a pod's security context, mounts, namespaces and devices ask for, as it is seen inside and by the host."""

import json
import os
import re
import subprocess

from daemon import *  # noqa: F403 the words of this suite
from suite import *  # noqa: F403


@test("user, group, supplemental groups")
def ids():
    got = pod().output("id -u; id -g; id -G; grep CapEff /proc/self/status", security={"run_as_user": {"value": 1000}, "run_as_group": {"value": 1001}, "supplemental_groups": [5, 6]}).split("\n")
    same(["1000", "1001", "1001 5 6"], [got[0], got[1], " ".join(sorted(got[2].split(), key=lambda g: (g != "1001", g)))])
    same("0" * 16, got[3].split()[1])


@test("capabilities: default, one more, all but one dropped")
def capabilities():
    def effective(add, drop):
        out = pod().output("cat /proc/self/status", security={"capabilities": {"add_capabilities": add, "drop_capabilities": drop}})
        same(field("CapEff", out), field("CapBnd", out))
        return int(field("CapEff", out), 16)

    normal = effective([], [])
    same(0, normal & 1 << 12)
    same(normal | 1 << 12, effective(["NET_ADMIN"], []))
    same(1 << 10, effective(["NET_BIND_SERVICE"], ["ALL"]))
    same(0, effective([], ["ALL"]))


@test("no new privileges")
def no_new_privs():
    same("1", field("NoNewPrivs", pod().output("cat /proc/self/status", security={"no_new_privs": True})))
    same("0", field("NoNewPrivs", pod().output("cat /proc/self/status")))


@test("read-only root")
def readonly_root():
    contains("Read-only file system", pod().output("touch /x 2>&1", want=1, security={"readonly_rootfs": True}))


@test("seccomp: a profile of the host's, the default one, none")
def seccomp():
    profile = D / "seccomp.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}))
    script = "cat /proc/self/status; mkdir /tmp/dir && echo made"
    for kind, mode, made in ((LOCALHOST, "2", False), (RUNTIME_DEFAULT, "2", True), (UNCONFINED, "0", True)):
        reference = {"localhost_ref": str(profile)} if kind == LOCALHOST else {}
        out = pod().output(script, want=None, security={"seccomp": {"profile_type": kind, **reference}})
        same((mode, made), (field("Seccomp", out), "made" in out.split("\n")))


@test("masked and read-only paths")
def masked():
    script = "wc -c </proc/version; ls /etc | wc -l; echo 1 2>/dev/null >/proc/sys/kernel/panic || echo refused"
    security = {"masked_paths": ["/proc/version", "/etc"], "readonly_paths": ["/proc/sys"]}
    same(["0", "0", "refused"], pod().output(script, security=security).split("\n"))


@test("privileged: all capabilities, no filter, devices, writable /sys")
def privileged():
    p = Pod(daemon(), security={"privileged": True})
    out = p.output("cat /proc/self/status; grep ' /sys sysfs' /proc/mounts; ls -l /dev", security={"privileged": True})
    same(field("CapBnd", open("/proc/self/status").read()), field("CapEff", out))
    same("0", field("Seccomp", out))
    assert re.search(r"^sysfs /sys sysfs rw", out, re.M), out
    for device in ("kmsg", "fuse"):
        if os.path.exists(f"/dev/{device}"):
            assert re.search(rf"^c.* {device}$", out, re.M), out
    p.remove()


@test("mounts: writable, read-only, a single file")
def mounts():
    (D / "host").mkdir()
    (D / "host/file").write_text("content\n")
    mounted = [
        {"container_path": "/rw", "host_path": str(D / "host")},
        {"container_path": "/ro", "host_path": str(D / "host"), "readonly": True},
        {"container_path": "/etc/one", "host_path": str(D / "host/file"), "readonly": True},
    ]
    out = pod().output("cat /etc/one; echo new >/rw/made && cat /ro/made; touch /ro/x 2>&1; echo $?", mounts=mounted)
    same(["content", "new", "touch: /ro/x: Read-only file system", "1"], out.split("\n"))
    same("new\n", (D / "host/made").read_text())


@test("mounts: propagation")
def propagation():
    there = D / "shared"
    there.mkdir()
    command("mount", "-t", "tmpfs", "masu-shared", there)
    command("mount", "--make-shared", there)
    p = Pod(daemon(), security={"privileged": True})
    made = {
        kind: p.sleeper(security={"privileged": True}, mounts=[{"container_path": "/m", "host_path": str(there), "propagation": kind}])
        for kind in (PRIVATE, HOST_TO_CONTAINER, BIDIRECTIONAL)
    }
    (there / "later").mkdir()
    command("mount", "-t", "tmpfs", "masu-later", there / "later")
    seen = {kind: "masu-later" in c.says("cat", "/proc/mounts") for kind, c in made.items()}
    same({PRIVATE: False, HOST_TO_CONTAINER: True, BIDIRECTIONAL: True}, seen)
    for kind, c in made.items():
        c.says("mkdir", f"/m/from{kind}")
        c.says("mount", "-t", "tmpfs", f"masu-from{kind}", f"/m/from{kind}")
    host = open("/proc/self/mounts").read()
    same([False, False, True], [f"masu-from{kind}" in host for kind in range(3)])
    p.remove()
    command("umount", "-R", there)


@test("mounts: read-only with all below")
def recursive_read_only():
    needs_features()
    (D / "deep/below").mkdir(parents=True)
    command("mount", "-t", "tmpfs", "masu-below", D / "deep/below")
    mount = {"container_path": "/m", "host_path": str(D / "deep"), "readonly": True}
    same("0", pod().output("touch /m/below/x; echo $?", mounts=[mount]))
    same("1", pod().output("touch /m/below/y; echo $?", mounts=[{**mount, "recursive_read_only": True}]))
    command("umount", D / "deep/below")


@test("namespaces of the pod: network, IPC, a pid namespace of each container's own")
def namespaces():
    a, b = busy(), pod().sleeper()
    of = lambda pid, name: os.readlink(f"/proc/{pid}/ns/{name}")  # noqa: E731
    for name in ("net", "ipc", "uts"):
        same(of(pod().pid(), name), of(a.pid(), name))
        same(of(a.pid(), name), of(b.pid(), name))
    same(of("self", "net"), of(a.pid(), "net"))
    assert of(a.pid(), "ipc") != of("self", "ipc")
    assert len({of(x, "pid") for x in ("self", pod().pid(), a.pid(), b.pid())}) == 4
    a.says("sh", "-c", "echo one >/dev/shm/x")
    same("one", b.says("cat", "/dev/shm/x"))
    b.remove()


@test("a pid namespace for the pod, the host's, another container's")
def pid_namespaces():
    p = Pod(daemon(), pid=POD)
    c = p.sleeper()
    same(os.readlink(f"/proc/{p.pid()}/ns/pid"), os.readlink(f"/proc/{c.pid()}/ns/pid"))
    contains("1000000", c.says("cat", "/proc/1/cmdline"))
    assert int(c.says("sh", "-c", "echo $$")) > 1
    p.remove()
    p = Pod(daemon(), pid=NODE)
    same(os.readlink("/proc/self/ns/pid"), os.readlink(f"/proc/{p.sleeper().pid()}/ns/pid"))
    p.remove()
    target = {**pod().namespaces, "pid": TARGET, "target_id": busy().id}
    c = pod().sleeper(security={"namespace_options": target})
    same(os.readlink(f"/proc/{busy().pid()}/ns/pid"), os.readlink(f"/proc/{c.pid()}/ns/pid"))
    c.remove()
    same("", busy().says("true"))


@test("sysctls of the pod")
def sysctls():
    p = Pod(daemon(), sysctls={"kernel.shm_rmid_forced": "1", "kernel.msgmax": "9999"})
    same("1 9999", p.output("echo $(cat /proc/sys/kernel/shm_rmid_forced /proc/sys/kernel/msgmax)"))
    p.remove()


@test("cgroups lie in the pod's parent")
def cgroup_parent():
    same(f"{PARENT}/{busy().id}", open(f"/proc/{busy().pid()}/cgroup").read().split("memory:" if not V2 else "0::")[1].split("\n")[0])


@test("devices: one more, and no other")
def devices():
    script = "echo x >/dev/mine && echo written; mknod /tmp/mem c 1 1 2>&1 && ( : </tmp/mem ) 2>&1; cat /dev/mine"
    out = pod().output(script, devices=[{"container_path": "/dev/mine", "host_path": "/dev/null", "permissions": "rw"}])
    assert re.fullmatch(r"written\n.*/tmp/mem: Operation not permitted", out), out


@test("a network of the pod's own")
def own_network():
    needs_bridges()
    p = Pod(daemon(), network=POD, sysctls={"net.ipv4.ip_unprivileged_port_start": "81"})
    address = p.status()["status"]["network"]["ip"]
    assert address.startswith("10.88.77."), address
    c = p.sleeper()
    contains(address, c.says("ip", "addr"))
    same(p.name, c.says("hostname"))
    same("81", c.says("cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start"))
    contains("1 packets received", c.says("ping", "-c", "1", "10.88.77.1"))
    assert os.readlink(f"/proc/{c.pid()}/ns/net") != os.readlink("/proc/self/ns/net")
    p.remove()


@test("a user namespace of the pod's own")
def user_namespace():
    needs_features()
    needs_bridges()
    (D / "closed").mkdir(0o700)  # as the kubelet keeps them
    (D / "closed/volume").mkdir()
    (D / "closed/hosts").write_text("this\n")
    ids = [{"host_id": 1000000, "container_id": 0, "length": 65536}]
    p = Pod(daemon(), network=POD, userns={"mode": POD, "uids": ids, "gids": ids})
    volume = {"container_path": "/volume", "host_path": str(D / "closed/volume"), "uidMappings": ids, "gidMappings": ids}
    c = p.sleeper(mounts=[volume, {"container_path": "/etc/hosts", "host_path": str(D / "closed/hosts")}])
    same("0 1000000 65536", " ".join(c.says("cat", "/proc/self/uid_map").split()))
    same((1000000, os.readlink(f"/proc/{p.pid()}/ns/user")), (os.stat(f"/proc/{c.pid()}").st_uid, os.readlink(f"/proc/{c.pid()}/ns/user")))
    same("0:0", c.says("stat", "-c", "%u:%g", "/bin"))
    c.says("touch", "/volume/file")
    same((0, "this"), ((D / "closed/volume/file").stat().st_uid, c.says("cat", "/etc/hosts")))
    p.remove()
