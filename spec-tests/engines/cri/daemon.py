# SPDX-License-Identifier: Apache-2.0
"""One containerd of the test's own, with its CRI plugin: configuration, images made from a root directory, start and stop; pods and
containers in it by short calls. What is expected of them is no matter of this file."""

import hashlib
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import time

import client

D, RUNTIME, PARENT = pathlib.Path(os.environ["D"]), os.environ["MASU"], os.environ["CGROUP_PARENT"]
POD, CONTAINER, NODE, TARGET = range(4)  # modes of a namespace
READY, NOTREADY = range(2)  # states of a pod
CREATED, RUNNING, EXITED = range(3)  # states of a container
RUNTIME_DEFAULT, UNCONFINED, LOCALHOST = range(3)  # security profiles
PRIVATE, HOST_TO_CONTAINER, BIDIRECTIONAL = range(3)  # propagation
V2 = os.path.exists("/sys/fs/cgroup/cgroup.controllers")

CONFIG = """version = 2
root = "{D}/data"
state = "{D}/state"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.blockfile", "io.containerd.snapshotter.v1.erofs", "io.containerd.nri.v1.nri",
  "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "{D}/sock"
[timeouts] # a slow machine needs longer than 5 s
  "io.containerd.timeout.shim.cleanup" = "60s"
  "io.containerd.timeout.shim.load" = "60s"
  "io.containerd.timeout.shim.shutdown" = "60s"
  "io.containerd.timeout.task.state" = "60s"
[plugins."io.containerd.internal.v1.opt"]
  path = "{D}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{cni}"
    conf_dir = "{D}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "{snapshotter}"
    default_runtime_name = "other"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.other]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.other.options]
        BinaryName = "/nonexistent"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.masu]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.masu.options]
        BinaryName = "{runtime}"
        Root = "{D}/runtime"
"""
CNI = {
    "cniVersion": "0.4.0",
    "name": "masu",
    "plugins": [
        {
            "type": "bridge",
            "bridge": "masu0",
            "isGateway": True,
            "ipam": {"type": "host-local", "dataDir": f"{D}/addresses", "ranges": [[{"subnet": "10.88.77.0/24"}]]},
        }
    ],
}


class Skip(Exception):
    pass


def command(*words, **options):
    return subprocess.run([str(w) for w in words], check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL, **options).stdout


def until(what, seconds=20, every=0.02):
    """The first true answer of what(); None when the time is over."""
    end = time.monotonic() + seconds * client.PATIENCE
    while True:
        answer = what()
        if answer or time.monotonic() > end:
            return answer
        time.sleep(every)


def save_image(tar, name, entrypoint, root):
    """An image as `docker save` writes it: one layer, a configuration, a list."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as t:
        t.add(root, arcname=".")
    layer = layer.getvalue()
    config = json.dumps(
        {
            "architecture": {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine),
            "os": "linux",
            "config": {"Entrypoint": entrypoint, "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]},
            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
        }
    ).encode()
    sum_of = hashlib.sha256(config).hexdigest()
    listed = json.dumps([{"Config": f"{sum_of}.json", "RepoTags": [name], "Layers": ["layer.tar"]}]).encode()
    with tarfile.open(tar, "w") as t:
        for path, data in ((f"{sum_of}.json", config), ("layer.tar", layer), ("manifest.json", listed)):
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            t.addfile(entry, io.BytesIO(data))


class Daemon:
    def __init__(self):
        self.process = self.client = None
        self.cni = next((d for d in ("/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni") if os.path.exists(f"{d}/bridge")), "/nonexistent")
        for name in ("cni", "logs", "opt", "runtime"):
            (D / name).mkdir(exist_ok=True)
        (D / "cni/masu.conflist").write_text(json.dumps(CNI))
        (D / "config.toml").write_text(CONFIG.format(D=D, cni=self.cni, runtime=RUNTIME, snapshotter=self.snapshotter()))

    @staticmethod
    def snapshotter():
        for name in ("lower", "upper", "work", "merged"):
            (D / "try" / name).mkdir(parents=True)
        at = D / "try"
        options = f"lowerdir={at}/lower,upperdir={at}/upper,workdir={at}/work"
        works = not subprocess.run(["mount", "-t", "overlay", "-o", options, "overlay", at / "merged"], capture_output=True).returncode
        if works:
            command("umount", at / "merged")
        return "overlayfs" if works else "native"

    def start(self):
        with open(D / "log", "ab") as log:
            self.process = subprocess.Popen(["containerd", "-c", D / "config.toml"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if not until(self.answers, 30, 0.1):
            why = re.findall(r'level=(?:fatal|error).*|containerd: .*', (D / "log").read_text())
            raise Skip(f"containerd or its CRI plugin does not start here: {why[-1] if why else ''}")

    def answers(self):
        self.client = client.Client(D / "sock")  # a new one each time: a channel that was refused waits before it tries again
        try:
            return self.client.call("Version", deadline=2)
        except client.Refused:
            self.client.close()
            return None

    def stop(self):
        self.client.close()
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def load(self, name, entrypoint, root):
        save_image(D / "image.tar", name, entrypoint, root)
        command("ctr", "-a", D / "sock", "-n", "k8s.io", "images", "import", "--snapshotter", self.snapshotter_used(), D / "image.tar")
        if not until(lambda: self.client.call("ImageStatus", image={"image": name})["image"]):
            raise RuntimeError(f"the CRI plugin does not see the image {name}")

    @staticmethod
    def snapshotter_used():
        return re.search(r'snapshotter = "(\w+)"', (D / "config.toml").read_text())[1]


class Container:
    """One that was asked for; its methods ask again each time."""

    def __init__(self, pod, id, log):
        self.pod, self.id, self.log_file = pod, id, log

    def call(self, method, **request):
        return self.pod.client().call(method, container_id=self.id, **request)

    def start(self):
        self.call("StartContainer")
        return self

    def status(self):
        return self.call("ContainerStatus")["status"]

    def pid(self):
        return json.loads(self.call("ContainerStatus", verbose=True)["info"]["info"])["pid"]

    def ended(self, seconds=30):
        status = until(lambda: (lambda s: s if s["state"] == EXITED else None)(self.status()), seconds)
        if not status:
            raise AssertionError(f"still running after {seconds} s")
        return status

    def exec(self, *words, timeout=20 * client.PATIENCE):
        r = self.call("ExecSync", cmd=list(words), timeout=timeout)
        return r["exit_code"], r["stdout"].decode(), r["stderr"].decode()

    def says(self, *words):
        code, out, err = self.exec(*words)
        assert code == 0, f"{words} ended with {code}: {err}"
        return out.strip()

    def lines(self, stream="stdout"):
        """What the log has of a stream, without the times."""
        text = self.log_file.read_text()
        return "".join(m[2] + ("\n" if m[1] == "F" else "") for m in re.finditer(rf"^\S+ {stream} ([FP]) (.*)$", text, re.M))

    def remove(self):
        self.call("RemoveContainer")


class Pod:
    count = 0

    def __init__(self, daemon, handler="masu", network=NODE, pid=CONTAINER, ipc=POD, userns=None, security=None, sysctls=None, **config):
        Pod.count += 1
        self.daemon, self.made, self.security = daemon, 0, security or {}
        self.name = f"pod{Pod.count}"
        self.logs = D / "logs" / self.name
        self.logs.mkdir(parents=True, exist_ok=True)
        self.namespaces = {"network": network, "pid": pid, "ipc": ipc, **({"userns_options": userns} if userns else {})}
        self.config = {
            "metadata": {"name": self.name, "uid": self.name, "namespace": "default"},
            "hostname": "" if network == NODE else self.name,
            "log_directory": str(self.logs),
            "linux": {"cgroup_parent": PARENT, "sysctls": sysctls or {}, "security_context": {"namespace_options": self.namespaces, **self.security}},
            **config,
        }
        self.id = self.client().call("RunPodSandbox", config=self.config, runtime_handler=handler)["pod_sandbox_id"]

    def client(self):
        return self.daemon.client

    def status(self, **request):
        return self.client().call("PodSandboxStatus", pod_sandbox_id=self.id, **request)

    def pid(self):
        return json.loads(self.status(verbose=True)["info"]["info"])["pid"]

    def create(self, *args, security=None, resources=None, **config):
        self.made += 1
        name = f"c{self.made}"
        security = {"namespace_options": self.namespaces, **(security or {})}
        config = {
            "metadata": {"name": name},
            "image": {"image": "localhost/busybox:1"},
            "args": list(args),
            "log_path": name,
            "linux": {"security_context": security, "resources": resources or {}},
            **config,
        }
        r = self.client().call("CreateContainer", pod_sandbox_id=self.id, config=config, sandbox_config=self.config)
        return Container(self, r["container_id"], self.logs / name)

    def run(self, *args, **config):
        return self.create(*args, **config).start()

    def sleeper(self, **config):
        return self.run("sh", "-c", "trap exit TERM; while :; do sleep 0.1; done", **config)

    def output(self, script, want=0, **config):
        """What a shell says that runs to its end. It stays a moment: containerd (1.6 to 2.1), with any runtime, can drop what was said when
        the program has ended before it is through with opening the pipes."""
        c = self.run("sh", "-c", f"{script}\ncode=$?; sleep 0.1; exit $code", **config)
        status = c.ended()
        assert want is None or status["exit_code"] == want, f"ended with {status['exit_code']}: {c.lines()}{c.lines('stderr')}"
        out = c.lines()
        c.remove()
        return out.strip()

    def remove(self):
        self.client().call("StopPodSandbox", pod_sandbox_id=self.id)
        self.client().call("RemovePodSandbox", pod_sandbox_id=self.id)
        shutil.rmtree(self.logs)


def cgroup_of(pid, controller):
    """The directory of a process, and whether it is of version 2."""
    for line in open(f"/proc/{pid}/cgroup"):
        number, names, path = line.rstrip("\n").split(":", 2)
        if controller in names.split(","):
            return pathlib.Path(f"/sys/fs/cgroup/{controller}{path}")
        if V2 and number == "0":
            return pathlib.Path(f"/sys/fs/cgroup{path}")
    raise Skip(f"no cgroup of {controller}")


def cgroup_value(pid, controller, v1, v2):
    return (cgroup_of(pid, controller) / (v2 if V2 else v1)).read_text().strip()
