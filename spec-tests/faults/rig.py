# SPDX-License-Identifier: Apache-2.0
"""What the tests of faults share: bundles in which every step runs, commands that end by a failure or by SIGKILL, and the proof that
nothing stays behind. The test is the subreaper of all that it starts and has a mount and a network namespace of its own, so what is left is its own."""
import array, ctypes, json, os, re, select, shutil, signal, socket, stat, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
SRC = os.environ.get("MASU_SRCDIR") or os.path.dirname(os.path.dirname(HERE))
MASU = os.path.abspath(os.environ.get("MASU") or os.path.join(os.environ.get("MASU_BUILDDIR", "build"), "masu"))
TAG = os.environ.get("MASU_FAULTS_TAG") or str(os.getpid())  # a test may run a part of itself in a pid namespace, as number 1
TOP, ID = "masu-flt-" + TAG, "flt" + TAG
SLOW = float(os.environ.get("WAIT_FACTOR") or 1)  # a slow machine has more patience
TIMEOUT, GRACE = 30 * SLOW, 20 * SLOW  # an init whose masu is gone counts its turns, and a loaded machine makes them long
CLONE_NEWNS, CLONE_NEWNET, MS_REC, MS_PRIVATE, MS_SHARED, PR_SET_CHILD_SUBREAPER = 0x20000, 0x40000000, 0x4000, 1 << 18, 1 << 20, 36


class Tap:
    def __init__(self):
        self.n = self.failed = 0

    def result(self, name, problems):
        self.n += 1
        self.failed += bool(problems)
        print("%s %d - %s" % ("not ok" if problems else "ok", self.n, name))
        for line in problems:
            print("# " + line.replace("\n", "\n# "))
        sys.stdout.flush()

    def skip(self, name, why):
        self.n += 1
        print("ok %d - %s # SKIP %s" % (self.n, name, why))

    def end(self):
        print("1..%d" % self.n)
        sys.exit(bool(self.failed))


def skip_all(why):
    print("1..1\nok 1 - %s # SKIP %s" % (os.path.basename(sys.argv[0]), why))
    sys.exit(0)


def read(path):
    try:
        with open(path, errors="replace") as f:
            return f.read()
    except OSError:
        return ""


def processes():
    """pid -> (parent, name) of everything below this process; what has ended is reaped on the way."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
    parents, names = {}, {}
    for p in filter(str.isdigit, os.listdir("/proc")):
        text = read("/proc/%s/stat" % p)
        m = re.match(r"\d+ \((.*)\) (.) (\d+)", text, re.S)
        if m:
            parents[int(p)], names[int(p)] = int(m[3]), "%s (%s)" % (m[1], m[2])
    below = {}
    for p in parents:
        q = p
        while q in parents and q != os.getpid():
            q = parents[q]
        if q == os.getpid() and p != q:
            below[p] = (parents[p], names[p])
    return below


def cgroup_mounts():
    return [f[4] for f in (line.split() for line in read("/proc/self/mountinfo").splitlines()) if f[f.index("-") + 1] in ("cgroup", "cgroup2")]


def tree(path):
    found = set()
    for where, dirs, files in os.walk(path):
        for name in dirs + files:
            full = os.path.join(where, name)
            st = os.lstat(full)
            size = 0 if stat.S_ISDIR(st.st_mode) else st.st_size
            found.add("%s %o %d:%d %d" % (os.path.relpath(full, path), st.st_mode, st.st_uid, st.st_gid, size))
    return found


def links():
    """Names of our network devices; those that a test makes and gives away are its business."""
    return {line.split(":")[0].strip() for line in read("/proc/self/net/dev").splitlines()[2:]} - {"fltdev", "fltpeer"}


def keyrings():
    return {line.split(None, 8)[8] for line in read("/proc/keys").splitlines() if " _ses.%s:" % ID in line}


def host_files(*paths):
    """Files of the host that no command has any business with."""
    found = {}
    for path in paths:
        st = os.lstat(path)
        changed = 0 if stat.S_ISCHR(st.st_mode) else st.st_mtime_ns
        found[path] = "%o %d:%d %d:%d %d %d" % (st.st_mode, st.st_uid, st.st_gid, st.st_dev, st.st_rdev, st.st_size, changed)
    return found


class Rig:
    def __init__(self, tmpfs=False):
        libc = ctypes.CDLL(None, use_errno=True)
        if os.geteuid() or libc.unshare(CLONE_NEWNS | CLONE_NEWNET):
            skip_all("needs root")
        # Private to us, shared among those that come from us: a mount that leaked out of a container would show.
        for flags in (MS_REC | MS_PRIVATE, MS_REC | MS_SHARED):
            if libc.mount(None, b"/", None, flags, None):
                raise OSError(ctypes.get_errno(), "change the propagation of mounts")
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        # An end from outside is an end with done().
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        self.dir = tempfile.mkdtemp(prefix="masu-faults.")
        if tmpfs and libc.mount(b"tmpfs", self.dir.encode(), b"tmpfs", 0, None):
            raise OSError(ctypes.get_errno(), "mount a tmpfs")
        self.unmount = (lambda: (libc.umount2(b"/dev/null", 2), libc.umount2(self.dir.encode(), 2))) if tmpfs else lambda: None
        os.chmod(self.dir, 0o755)
        self.root, self.bundle = self.dir + "/state", self.dir + "/bundle"
        self.log, self.err, self.pids = self.dir + "/hooks.log", self.dir + "/stderr", self.dir + "/pids"
        for d in (self.root, self.bundle, self.pids, self.dir + "/data"):
            os.mkdir(d)
        self.ours = [MASU]
        if tmpfs:
            # A null of our own: others who give the host's away do not look like us.
            os.mknod(self.dir + "/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
            os.chmod(self.dir + "/null", 0o666)
            libc.mount(self.dir.encode() + b"/null", b"/dev/null", None, 0x1000, None)
            self.ours += ["/dev/null"]
        made = subprocess.run(["bash", "-c", '. "$0/spec-tests/lib/bundle.bash" && bundle_rootfs "$1"', SRC, self.bundle + "/rootfs"])
        if made.returncode:
            skip_all("needs a static busybox")
        for d in ("data", "dev/pts"):
            os.makedirs(self.bundle + "/rootfs/" + d, exist_ok=True)
        with open(SRC + "/spec-tests/lib/config.json") as f:
            self.common = json.load(f)
        open(self.log, "w").close()
        os.chmod(self.log, 0o666)
        self.sockets, self.device, self.notify = {}, None, None
        self.mounts, self.links = read("/proc/self/mountinfo"), links()
        self.helpers = set()
        self.files = None

    def done(self):
        for pid in self.helpers | set(processes()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for d in self.cgroups():
            for where, _, _ in os.walk(d, topdown=False):
                try:
                    os.rmdir(where)
                except OSError:
                    pass
        self.unmount()
        shutil.rmtree(self.dir, ignore_errors=True)

    def holder(self):
        """A process that holds namespaces to be joined; its pid."""
        p = subprocess.Popen(["unshare", "--net", "--ipc", "--uts", "--pid", "--fork", "sleep", "1000"], stdin=subprocess.DEVNULL)
        end = time.monotonic() + 5 * SLOW
        while time.monotonic() < end:
            inner = [q for q, (parent, name) in processes().items() if parent == p.pid and name.startswith("sleep")]
            if inner:
                self.helpers |= {p.pid, inner[0]}
                return inner[0]
            time.sleep(0.01)
        raise RuntimeError("no process to hold namespaces")

    def veth(self):
        """Makes the pair whose one end a container takes; with a container's namespace it ends, a moment later."""
        end = time.monotonic() + 5 * SLOW
        while time.monotonic() < end:
            if os.path.exists("/proc/sys/net/ipv4/conf/" + self.device):
                return
            with open("/dev/null", "w") as null:
                subprocess.run(["ip", "link", "del", "fltpeer"], stderr=null)
                subprocess.run(["ip", "link", "add", self.device, "type", "veth", "peer", "name", "fltpeer"], stderr=null)
            time.sleep(0.005)
        raise RuntimeError("no device for the container")

    def use(self, config):
        """Makes this the document of the bundle; a terminal gets a console socket."""
        self.device = next(iter(config["linux"].get("netDevices", ())), None)
        with open(self.bundle + "/config.json", "w") as f:
            json.dump(config, f)
        self.host = host_files(*self.ours, self.bundle + "/config.json")
        self.options = ["--bundle", self.bundle, "--pid-file", self.pids + "/pid"]
        if config["process"].get("terminal"):
            self.options += ["--console-socket", self.listen("console")]

    def listen(self, name):
        """A socket that takes terminals or seccomp listeners; its path."""
        path = self.dir + "/" + name
        if path not in self.sockets:
            s = self.sockets[path] = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            s.bind(path)
            s.listen(64)
            s.setblocking(False)
        return path

    def drain(self):
        """Closes what came: not before its container has gone."""
        for s in self.sockets.values():
            self.drain_one(s)

    def drain_one(self, s):
        while True:
            try:
                peer = s.accept()[0]
            except BlockingIOError:
                return
            peer.setblocking(False)
            try:
                for _, _, data in peer.recvmsg(4096, socket.CMSG_SPACE(64))[1]:
                    for fd in array.array("i", data[: len(data) // 4 * 4]):
                        os.close(fd)
            except BlockingIOError:
                pass
            peer.close()

    def command(self, *args):
        return [MASU, "--root", self.root, *args]

    def masu(self, *args, env=None, wrap=()):
        """The exit status (negative: the signal) and what it said. Streams are files: a container keeps them open."""
        if self.device and {"create", "run"} & set(args[:3]):
            self.veth()
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **(env or {})}
        if self.notify and args[0] == "create":
            environment["NOTIFY_SOCKET"] = self.notify
        with open(self.err, "w") as err, open(self.dir + "/stdout", "w") as out:
            p = subprocess.Popen([*wrap, *self.command(*args)], stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment, close_fds=True)
        ended = self.wait(p)
        if not ended:
            p.kill()
        status = p.wait()
        return status if ended else "no end after %d s" % TIMEOUT, read(self.err)

    def wait(self, p):
        """True when it ends in time. Others are reaped meanwhile: the end of a pid namespace waits for that."""
        fd, end = os.pidfd_open(p.pid), time.time() + TIMEOUT
        while not (ended := select.select([fd], [], [], 0.002)[0]) and time.time() < end:
            while (child := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and child.si_pid != p.pid:
                os.waitpid(child.si_pid, 0)
        os.close(fd)
        return ended

    def status(self):
        status, _ = self.masu("state", ID)
        return json.loads(read(self.dir + "/stdout"))["status"] if status == 0 else None

    def cgroups(self):
        return [m + "/" + TOP for m in cgroup_mounts() if os.path.exists(m + "/" + TOP)]

    def strays(self):
        return {p: n for p, n in processes().items() if p not in self.helpers}

    def settle(self):
        """Until the container's own program has made all of its processes."""
        before, same = None, 0
        while same < 20:
            now = set(self.strays())
            same = same + 1 if now == before else 0
            before = now
            time.sleep(0.01)

    def left(self, undone):
        """What is there now that was not there before. undone: by which command itself, not by a delete after its death; it
        removes its pid file then, and a create gives back what it took."""
        found = ["process %d: child of %d: %s" % (p, n[0], n[1]) for p, n in self.strays().items()]
        found += ["cgroup " + d for c in self.cgroups() for d, _, _ in os.walk(c)]
        found += ["state directory: " + n for n in os.listdir(self.root) if n != ".seccomp-cache"]
        found += ["beside the pid file: " + n for n in os.listdir(self.pids) if n != "pid" or undone]
        if undone == "create" and self.device and not os.path.exists("/proc/sys/net/ipv4/conf/" + self.device):
            found += ["device %s in a container's namespace" % self.device]
        now = read("/proc/self/mountinfo")
        if now != self.mounts:
            before, after = set(self.mounts.splitlines()), set(now.splitlines())
            # A mount that came with our namespace goes when somebody else removes the directory that it is on.
            found += ["mount " + m for m in sorted(after - before)]
            found += ["no more mount " + m for m in sorted(before - after) if os.path.exists(m.split()[4])]
        found += ["network device " + n for n in sorted(links() ^ self.links)] + ["keyring " + k for k in sorted(keyrings())]
        found += ["host file %s: %s" % f for f in sorted(host_files(*self.host).items() - self.host.items())]
        if self.files is not None:
            found += ["in the root file system: " + f for f in sorted(self.files ^ tree(self.bundle + "/rootfs"))]
        return found

    def check_left(self, what, undone=None):
        end = time.time() + GRACE
        while (found := self.left(undone)) and time.time() < end:
            # Whoever waits for a masu that is gone ends by itself, a moment later. A terminal or a listener that nobody has taken yet
            # was opened by the container's process, and keeps its credentials, with the session keyring.
            if not self.strays():
                self.drain()
            time.sleep(0.01)
        if os.path.exists(self.pids + "/pid"):
            os.unlink(self.pids + "/pid")
        self.drain()
        return ["%s: left: %s" % (what, f) for f in found]

    def hooks(self):
        text = read(self.log).split()
        open(self.log, "w").close()
        return text

    def check_hooks(self, what, may_miss=False):
        """Runtime hooks and createContainer hooks make things that the poststop hooks undo."""
        text = self.hooks()
        begun, undone = any(w != "poststop" for w in text), text.count("poststop")
        if begun and not undone and not may_miss:
            return ["%s: hooks ran (%s), the poststop hooks did not" % (what, " ".join(text))]
        return ["%s: the poststop hooks ran %d times" % (what, undone)] if undone > 1 else []

    def sweep(self):
        """After a test that failed: nothing of it may disturb the next."""
        self.masu("delete", "--force", ID)
        for pid in self.strays():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.05)
        processes()
        for name in os.listdir(self.root):
            shutil.rmtree(os.path.join(self.root, name), ignore_errors=True)
        for c in self.cgroups():
            for where, _, _ in os.walk(c, topdown=False):
                try:
                    os.rmdir(where)
                except OSError:
                    pass
        for name in os.listdir(self.pids):
            os.unlink(os.path.join(self.pids, name))
        self.mounts = read("/proc/self/mountinfo")
        if self.files is not None:
            self.files = tree(self.bundle + "/rootfs")
        self.drain()
        self.hooks()

    def again(self, what):
        """The id is free: one life from its beginning to its end."""
        for args in (("create", *self.options, ID), ("delete", "--force", ID)):
            status, err = self.masu(*args)
            if status != 0:
                return ["%s: %s of the same id: status %s: %s" % (what, args[0], status, err.strip())]
        return self.check_left(what + ", second life") + self.check_hooks(what + ", second life")

    def learn(self):
        """One life: what it leaves in the root file system, which may be mount points only."""
        root = self.bundle + "/rootfs"
        before, self.files = tree(root), None
        problems = self.again("an undisturbed life")
        self.files = tree(root)
        return problems, sorted(self.files - before)
