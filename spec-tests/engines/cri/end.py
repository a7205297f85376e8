# SPDX-License-Identifier: Apache-2.0
"""How containers and pods end, and what is left: run last."""

import os
import time

from daemon import *  # noqa: F403 the words of this suite
from suite import *  # noqa: F403


@test("stop: the program's own end within the grace period, SIGKILL after it")
def stop():
    c = pod().run("sh", "-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.1; done")
    until(lambda: "ready" in c.lines())
    c.call("StopContainer", timeout=20)
    same(7, c.status()["exit_code"])
    c.remove()
    c = pod().run("sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done")
    until(lambda: "ready" in c.lines())
    began = time.monotonic()
    c.call("StopContainer", timeout=1)
    same(137, c.status()["exit_code"])
    assert time.monotonic() - began > 0.9
    c.remove()


@test("containerd starts anew while a container runs, and learns of one that ended")
def restart():
    stays = pod().run("sh", "-c", "echo before; trap 'exit 5' TERM; while :; do sleep 0.1; done")
    ends = pod().run("sh", "-c", "until [ -e /flag/x ]; do sleep 0.1; done; exit 6", mounts=[{"container_path": "/flag", "host_path": str(D / "logs")}])
    pid = ends.pid()
    daemon().stop()
    (D / "logs/x").touch()
    assert until(lambda: not os.path.exists(f"/proc/{pid}"))
    daemon().start()
    same((RUNNING, "before\n"), (stays.status()["state"], stays.lines()))
    same("hello", stays.says("echo", "hello"))
    stays.call("StopContainer", timeout=20)
    same(5, stays.status()["exit_code"])
    contains(ends.ended()["exit_code"], (6, 255))  # containerd 1.6 asks the shim; newer ones, with any runtime, say 255: it was lost
    stays.remove()
    ends.remove()


@test("a running container is removed by force")
def remove():
    c = pod().sleeper()
    pid = c.pid()
    c.remove()
    assert c.id not in runtime("list", "-q").split()
    assert not os.path.exists(f"/proc/{pid}")


@test("pods are stopped and removed, and nothing is left")
def nothing_left():
    p = pod()
    p.client().call("StopPodSandbox", pod_sandbox_id=p.id)
    same(NOTREADY, p.status()["status"]["state"])
    p.remove()
    for left in call("ListPodSandbox")["items"]:
        raise AssertionError(f"left: {left['metadata']['name']}")
    same("", runtime("list", "-q"))
    same([], [m.split()[1] for m in open("/proc/self/mounts") if f"{D}/state" in m])
    same("", command("find", "/sys/fs/cgroup", "-path", f"*{PARENT}/*", "-type", "d"))
    same([], [p for p in os.listdir("/proc") if p.isdigit() and b"containerd-shim" in open(f"/proc/{p}/cmdline", "rb").read()])
