# SPDX-License-Identifier: Apache-2.0
"""What the tests share: their list, how they say what they expect, the daemon, a pod and a container that several use. Running this file
runs all of them; with words, those whose name has each word. TIMES=1 prints how long each took."""

import os
import re
import subprocess
import sys
import time
import traceback

from client import Refused
from daemon import D, RUNTIME, Daemon, Pod, Skip, command

tests, shared = [], {}


def test(name):
    return lambda function: tests.append((name, function))


def same(want, got):
    assert want == got, f"wanted {want!r}, got {got!r}"


def contains(part, whole):
    assert part in whole, f"wanted {part!r} in {whole!r}"


def refused(call):
    try:
        call()
    except Refused as e:
        return str(e)
    raise AssertionError("was not refused")


def daemon():
    if "daemon" not in shared:
        shared["daemon"] = Daemon()
    return shared["daemon"]


def call(method, **request):
    return daemon().client.call(method, **request)


def pod():
    """One for all tests that need nothing of their own pod."""
    if "pod" not in shared:
        shared["pod"] = Pod(daemon())
    return shared["pod"]


def busy():
    """A container that lives on, for execs."""
    if "busy" not in shared:
        shared["busy"] = pod().sleeper()
    return shared["busy"]


def needs_features():
    """From 2.0 on containerd offers what the runtime's features document has."""
    version = call("Version")["runtime_version"]
    if int(re.search(r"\d+", version)[0]) < 2:
        raise Skip(f"containerd {version} does not offer it")


def needs_bridges():
    if not os.path.exists(f"{daemon().cni}/bridge"):
        raise Skip("containernetworking-plugins is not installed")
    if subprocess.run("ip link add masu9 type bridge && ip link del masu9", shell=True, capture_output=True).returncode:
        raise Skip("this kernel makes no bridges here")


def runtime(*words):
    return command(RUNTIME, "--root", D / "runtime/k8s.io", *words)


def field(name, text):
    return re.search(rf"^{name}:\s*(.*)$", text, re.M)[1]


def run_one(n, name, function):
    began, failed = time.monotonic(), False
    try:
        function()
        print(f"ok {n} - {name}")
    except Skip as e:
        print(f"ok {n} - {name} # SKIP {e}")
    except Exception:
        failed = True
        print(f"not ok {n} - {name}")
        print(*(f"# {line}" for line in traceback.format_exc().split("\n")[:-1]), sep="\n")
    if os.environ.get("TIMES"):
        print(f"# {time.monotonic() - began:.1f} s")
    sys.stdout.flush()
    return failed


def main(wanted):
    try:
        daemon().start()
    except Skip as e:
        print(f"1..0 # SKIP {e}")
        return 0
    try:
        daemon().load("localhost/pause:1", ["/bin/busybox", "sleep", "1000000"], D / "root")
        daemon().load("localhost/busybox:1", None, D / "root")
        chosen = [(name, function) for name, function in tests if all(w in name for w in wanted)]
        failed = sum(run_one(n, name, function) for n, (name, function) in enumerate(chosen, 1))
        print(f"1..{len(chosen)}")
    finally:
        for p in call("ListPodSandbox")["items"]:
            call("StopPodSandbox", pod_sandbox_id=p["id"])
            call("RemovePodSandbox", pod_sandbox_id=p["id"])
        daemon().stop()
    return failed > 0


if __name__ == "__main__":
    import suite  # the one that the tests know, which this run is not

    for file in ("life", "isolation", "end"):
        __import__(file)
    sys.exit(suite.main(sys.argv[1:]))
