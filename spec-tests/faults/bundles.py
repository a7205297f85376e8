# SPDX-License-Identifier: Apache-2.0
"""The documents of the tests of faults: together they make every step of every story run."""
import copy

from rig import TOP, ID


def namespaces(*kinds, **paths):
    return [{"type": k} for k in kinds] + [{"type": k, "path": p} for k, p in paths.items()]


def base(rig):
    c = copy.deepcopy(rig.common)
    c["root"]["path"] = "rootfs"
    c["process"]["args"] = ["sleep", "1000"]
    c["linux"]["cgroupsPath"] = "/%s/%s" % (TOP, ID)
    return c


def note(rig, kind):
    return {"path": "/bin/sh", "args": ["sh", "-c", "echo %s >>%s" % (kind, rig.log)], "env": ["PATH=/bin:/usr/bin"]}


def full(rig):
    """Hooks of every kind, limits, names, parameters, a filter, a read-only root."""
    c = base(rig)
    kinds = ("prestart", "createRuntime", "createContainer", "poststart", "poststop")
    c["hooks"] = {k: [note(rig, k)] for k in kinds}
    c["hooks"]["startContainer"] = [{"path": "/bin/true"}]
    c["domainname"] = "box.example"
    c["root"]["readonly"] = True
    c["process"]["oomScoreAdj"] = 100
    c["annotations"] = {"org.example.kind": "full"}
    c["mounts"].append({"destination": "/data", "type": "bind", "source": rig.dir + "/data", "options": ["rbind"]})
    c["linux"]["namespaces"] = namespaces("pid", "network", "ipc", "uts", "mount", "cgroup")
    c["linux"]["sysctl"] = {"net.ipv4.ip_forward": "1", "kernel.shmmni": "4000"}
    c["linux"]["resources"].update({"pids": {"limit": 64}, "memory": {"limit": 64 << 20}})
    c["linux"]["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["keyctl"], "action": "SCMP_ACT_ERRNO"}],
    }
    return c


def user(rig):
    """A user namespace: id maps, and sources that the host side opens."""
    c = base(rig)
    ids = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    c["linux"].update({"uidMappings": ids, "gidMappings": ids})
    c["linux"]["namespaces"] = namespaces("user", "pid", "network", "ipc", "uts", "mount", "cgroup")
    c["mounts"].append({"destination": "/data", "type": "bind", "source": rig.dir + "/data", "options": ["rbind"]})
    c["hooks"] = {"createContainer": [note(rig, "createContainer")], "poststop": [note(rig, "poststop")]}
    return c


def time(rig):
    """A time namespace: init comes through a stage."""
    c = base(rig)
    c["linux"]["namespaces"] = namespaces("pid", "network", "ipc", "uts", "mount", "time")
    c["linux"]["timeOffsets"] = {"boottime": {"secs": 1000}}
    return c


def user_time(rig):
    """Both: the stage makes the user namespace."""
    c = user(rig)
    c["linux"]["namespaces"] += namespaces("time")
    return c


def joined(rig):
    """Namespaces of somebody else, the pid namespace among them."""
    c = base(rig)
    pid = rig.holder()
    paths = {k: "/proc/%d/ns/%s" % (pid, f) for k, f in (("network", "net"), ("ipc", "ipc"), ("uts", "uts"), ("pid", "pid"))}
    del c["hostname"]
    c["linux"]["namespaces"] = namespaces("mount", **paths)
    return c


def shared(rig):
    """The host's pid namespace: nothing ends with init by itself."""
    c = base(rig)
    c["linux"]["namespaces"] = namespaces("mount", "uts", "ipc", "network")
    c["process"]["args"] = ["sh", "-c", "sleep 1000 & sleep 1000"]
    return c


def terminal(rig):
    """A terminal that goes to a console socket."""
    c = base(rig)
    c["process"]["terminal"] = True
    return c


def listener(rig):
    """A filter whose notifications go to an agent."""
    c = base(rig)
    c["linux"]["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "listenerPath": rig.listen("agent"),
        "syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_NOTIFY"}],
    }
    return c


def devices(rig):
    """A network device that goes into the container and comes back when that is not made."""
    c = base(rig)
    c["linux"]["netDevices"] = {"fltdev": {"name": "eth0"}}
    return c


def service(rig):
    """Whoever creates it wants to know when it is ready."""
    rig.notify = rig.dir + "/notify"
    return base(rig)


ALL = (full, user, time, user_time, joined, shared, terminal, listener, devices, service)
