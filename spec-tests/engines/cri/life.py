# SPDX-License-Identifier: Apache-2.0
"""The service, pods and containers as they come and go: states, logs, exec, streams, resources."""

import json
import time

from client import Stream
from daemon import *  # noqa: F403 the words of this suite
from suite import *  # noqa: F403


@test("the service answers, and the runtime is ready")
def version():
    same("containerd", call("Version")["runtime_name"])
    status = call("Status", verbose=True)
    same(True, {c["type"]: c["status"] for c in status["status"]["conditions"]}["RuntimeReady"])
    contains(RUNTIME, status["info"]["config"])


@test("the handler's features are read from the runtime")
def features():
    needs_features()
    handlers = {h["name"]: h["features"] for h in call("Status")["runtime_handlers"]}
    same({"recursive_read_only_mounts": True, "user_namespaces": True}, handlers["masu"])


@test("a pod: its sandbox is a container of the runtime")
def sandbox():
    same(READY, pod().status()["status"]["state"])
    same("masu", pod().status()["status"]["runtime_handler"])
    same(("running", pod().pid()), (lambda s: (s["status"], s["pid"]))(json.loads(runtime("state", pod().id))))


@test("create, start, status")
def lifecycle():
    c = pod().create("sleep", "100")
    same(CREATED, c.status()["state"])
    c.start()
    same(RUNNING, c.status()["state"])
    same(c.pid(), json.loads(runtime("state", c.id))["pid"])
    c.remove()
    contains(c.id, refused(c.status))


@test("the log has both streams, whole and cut lines")
def log():
    c = pod().run("sh", "-c", "echo out; echo err >&2; printf cut; sleep 0.1")
    c.ended()
    same(("out\ncut", "err\n"), (c.lines(), c.lines("stderr")))
    contains("stdout P cut", c.log_file.read_text().replace("stdout F cut", "stdout P cut"))
    c.remove()


@test("exit code 0 is Completed")
def completed():
    c = pod().run("true")
    status = c.ended()
    same((0, "Completed"), (status["exit_code"], status["reason"]))
    c.remove()


@test("another one is Error, a signal is 128 more")
def error():
    for script, code in (("exit 3", 3), ("kill -9 $$", 137), ("kill -15 $$", 143)):
        # init has no default actions of its own, so the shell's child dies
        c = pod().run("sh", "-c", f"sh -c '{script}'; exit $?")
        status = c.ended()
        same((code, "Error"), (status["exit_code"], status["reason"]))
        c.remove()


@test("a program that is not there: the start is refused with the runtime's words")
def not_found():
    c = pod().create("nosuch")
    contains("executable file not found in $PATH", refused(c.start))
    status = c.status()
    same((EXITED, 128, "StartError"), (status["state"], status["exit_code"], status["reason"]))
    contains("nosuch", status["message"])
    c.remove()


@test("a working directory that is not there is made")
def working_directory():
    same("/made/here", pod().output("pwd", working_dir="/made/here"))


@test("environment, arguments in place of the image's command")
def environment():
    same("a b  c", pod().output('echo "$X"', envs=[{"key": "X", "value": "a b  c"}]))
    c = pod().run("one", "two", command=["echo"])
    c.ended()
    same("one two\n", c.lines())
    c.remove()


@test("exec: output of both streams, exit code")
def exec_sync():
    same((9, "out\n", "err\n"), busy().exec("sh", "-c", "echo out; echo err >&2; exit 9"))


@test("exec: much output arrives whole")
def exec_output():
    same(300000, len(busy().exec("sh", "-c", "yes 123456789 | head -n 30000")[1]))


@test("exec: a program that is not there")
def exec_not_found():
    contains("executable file not found in $PATH", refused(lambda: busy().exec("nosuch")))


@test("exec: the time-out kills the program")
def exec_timeout():
    contains("DEADLINE_EXCEEDED", refused(lambda: busy().exec("sleep", "4242", timeout=1)))
    assert until(lambda: "sleep 4242" not in busy().says("ps")), busy().says("ps")


@test("exec: many short ones lose nothing")
def exec_many():
    for n in range(20):
        same((0, f"{n}\n", ""), busy().exec("echo", str(n)))


@test("exec: a stream with input")
def exec_stream():
    s = Stream(busy().call("Exec", cmd=["sh", "-c", "read x; echo got $x; exit 4"], stdin=True, stdout=True, stderr=True)["url"])
    s.send(0, b"this\n")
    got = s.receive()
    same(b"got this\n", got.get(1))
    contains('"message":"4"', got[3].decode().replace(" ", ""))


@test("exec: a terminal, its size")
def exec_terminal():
    s = Stream(busy().call("Exec", cmd=["sh"], tty=True, stdin=True, stdout=True)["url"])
    s.send(4, b'{"Width": 91, "Height": 33}')
    s.send(0, b"tty; until stty size | grep '33 91'; do sleep 0.1; done; exit\n")
    got = s.receive()[1].decode()
    contains("/dev/pts/0", got)
    contains("\n33 91", got)


@test("attach to a container with a terminal")
def attach():
    c = pod().run("sh", "-c", "read x; tty; echo got $x; sleep 0.3", tty=True, stdin=True, stdin_once=True)
    s = Stream(c.call("Attach", tty=True, stdin=True, stdout=True)["url"])
    s.send(0, b"that\n")
    contains("got that", s.receive(b"got that")[1].decode())
    s.close()
    c.ended()
    contains("/dev/pts/0", c.lines())
    c.remove()


@test("resources at creation")
def resources():
    c = pod().sleeper(resources={"memory_limit_in_bytes": 64 << 20, "cpu_period": 100000, "cpu_quota": 50000, "cpu_shares": 512, "oom_score_adj": 700})
    pid = c.pid()
    same(str(64 << 20), cgroup_value(pid, "memory", "memory.limit_in_bytes", "memory.max"))
    contains("50000", cgroup_value(pid, "cpu", "cpu.cfs_quota_us", "cpu.max"))
    contains(cgroup_value(pid, "cpu", "cpu.shares", "cpu.weight"), ("59", "20") if V2 else ("512",))  # by the new formula, by the old one
    same("700", open(f"/proc/{pid}/oom_score_adj").read().strip())
    c.remove()


@test("update of the resources of a running container")
def update():
    c = pod().sleeper(resources={"memory_limit_in_bytes": 64 << 20})
    c.call("UpdateContainerResources", linux={"memory_limit_in_bytes": 96 << 20, "cpu_quota": 25000, "cpu_period": 50000, "cpu_shares": 256, "cpuset_cpus": "0"})
    pid = c.pid()
    same(str(96 << 20), cgroup_value(pid, "memory", "memory.limit_in_bytes", "memory.max"))
    contains("25000", cgroup_value(pid, "cpu", "cpu.cfs_quota_us", "cpu.max"))
    same("0", cgroup_value(pid, "cpuset", "cpuset.cpus", "cpuset.cpus"))
    assert c.says("true") == ""
    c.remove()


@test("stats come from the cgroup that the runtime made")
def stats():
    c = pod().run("sh", "-c", "x=0; while [ $x -lt 100000 ]; do x=$((x+1)); done; sleep 100")
    s = until(lambda: (lambda s: s if s["cpu"].get("usage_core_nano_seconds", {}).get("value", 0) > 0 else None)(c.call("ContainerStats")["stats"]))
    assert s and s["memory"]["working_set_bytes"]["value"] > 0, s
    c.remove()


@test("out of memory is OOMKilled")
def oom():
    c = pod().run("dd", "if=/dev/zero", "of=/dev/null", "bs=80M", "count=1", resources={"memory_limit_in_bytes": 24 << 20, "memory_swap_limit_in_bytes": 24 << 20})
    status = c.ended()
    same((137, "OOMKilled"), (status["exit_code"], status["reason"]))
    c.remove()
