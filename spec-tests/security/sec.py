# SPDX-License-Identifier: Apache-2.0
"""What the security tests share: boxes (a bundle with a hostile image, a directory of the host that must stay as it is, a shared
volume), runtimes, the matrix, and rows. A row is a function that attacks a runtime and yields symptoms of the hole, as text; what kept
it from finding out is a Broken. It has to yield nothing on masu, and a symptom on each of its red pins: a runtime of old that has the bug, or
masu built with --enable-mutations. A pin that does not work is no red one, and a runtime that runs nothing at all is not green."""
import contextlib, ctypes, hashlib, itertools, json, os, re, shutil, signal, stat, subprocess, sys, tempfile, time, traceback

HERE = os.path.dirname(os.path.abspath(__file__))
SRC = os.environ.get("MASU_SRCDIR") or os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, SRC + "/spec-tests/lib")
import tracer  # noqa: E402

BUILD = os.path.abspath(os.environ.get("MASU_BUILDDIR", "build"))
TOP = "masu-sec-%d" % os.getpid()
TIMEOUT = 30
USERNS_BASE = 100000
APPLETS = "sh cat ls sleep id true false mknod dd stat echo test env readlink mount pwd sed grep touch mkdir ln tr head wc seq hostname chmod rm timeout find sort cp".split()
libc = ctypes.CDLL(None, use_errno=True)


def read(path):
    try:
        with open(path, errors="replace") as f:
            return f.read()
    except OSError:
        return ""


def write(path, text, mode=None):
    with open(path, "w") as f:
        f.write(text)
    if mode is not None:
        os.chmod(path, mode)


def wait_for(what, seconds=5):
    end = time.time() + seconds
    while not what():
        if time.time() > end:
            return False
        time.sleep(0.004)
    return True


def snapshot(path):
    """Everything that can be seen of a tree, but the times of reading."""
    found = {}
    for where, dirs, files in os.walk(path):
        for name in [""] + dirs + files:
            full = os.path.join(where, name) if name else where
            st = os.lstat(full)
            what = [oct(st.st_mode), st.st_uid, st.st_gid, st.st_ino, st.st_rdev, st.st_mtime_ns, st.st_nlink]
            if stat.S_ISREG(st.st_mode):
                with open(full, "rb") as f:
                    what.append(hashlib.sha256(f.read()).hexdigest())
            elif stat.S_ISLNK(st.st_mode):
                what.append(os.readlink(full))
            found[os.path.relpath(full, path)] = what
    return found


def differences(before, after):
    for name in sorted(set(before) | set(after)):
        if before.get(name) != after.get(name):
            yield "`%s` %s" % (name, "appeared" if name not in before else "vanished" if name not in after else
                               "changed: %s, was %s" % (after[name][:2] + after[name][7:], before[name][:2] + before[name][7:]))


class Broken(Exception):
    """No container, no program, no trace: nothing was learnt about the hole. A failure, on masu and on pins. To be raised or yielded."""


class Runtime:
    def __init__(self, kind, path, mutation=None):
        self.kind, self.path = kind, path
        self.env = {"MASU_MUTATION": mutation} if mutation else {}
        self.name = "masu with hole %s" % mutation if mutation else kind


class Case:
    def __init__(self, how="run", userns=False, ro=False, dev="tmpfs"):
        self.how, self.userns, self.ro, self.dev = how, userns, ro, dev

    def __str__(self):
        return "%s%s%s, /dev %s" % (self.how, ", user namespace" if self.userns else "", ", read-only root" if self.ro else "", self.dev)


def matrix(how=("run", "create", "exec"), userns=(False, True), ro=(False, True), dev=("tmpfs", "bind", "none")):
    return [Case(*c) for c in itertools.product(how, userns, ro, dev)]


PLAIN = [Case()]
HOW = matrix(ro=(False,), dev=("tmpfs",), userns=(False,))
HOW_USER = matrix(ro=(False,), dev=("tmpfs",))


class Box:
    """One container that is to be. `image` is the root file system, `decoy` belongs to the host, `vol` is shared with others."""
    count = 0

    def __init__(self, rt, case=None, args=None):
        Box.count += 1
        self.runtime, self.case = rt, case or Case()
        self.dir = tempfile.mkdtemp(prefix="b", dir=RIG)
        os.chmod(self.dir, 0o755)
        self.id = "sec%d-%d" % (os.getpid(), Box.count)
        self.bundle, self.image = self.dir + "/bundle", self.dir + "/bundle/rootfs"
        self.decoy, self.vol, self.devdir, self.state = (self.dir + "/" + d for d in ("decoy", "vol", "devdir", "state"))
        for d in (self.bundle, self.decoy, self.vol, self.devdir, self.state):
            os.mkdir(d)
        os.chmod(self.vol, 0o777)
        self.make_image()
        self.make_decoy()
        self.config = self.make_config(args or ["/bin/true"])
        self.err = self.out = ""
        self.ran = False
        self.env = {}
        self.before = self.mounts = None
        self.log = self.dir + "/err"

    def make_image(self):
        # programs are links to one, what tests write to is theirs
        shutil.copytree(RIG + "/image", self.image, symlinks=True, copy_function=lambda s, d: (os.link if "/bin/" in s else shutil.copy)(s, d))
        os.chmod(self.image + "/tmp", 0o1777)

    def make_decoy(self):
        for d in ("etc", "pts", "shm", "mqueue", "dir", "sub", "sub/dir", "fd", "attr", "self", "kernel"):
            os.mkdir(self.decoy + "/" + d)
        for f in ("secret", "ptmx", "null", "console", "file", "etc/file", "sub/file", "full"):
            write(self.decoy + "/" + f, "belongs to the host\n", 0o600)

    def make_config(self, args):
        with open(SRC + "/spec-tests/lib/config.json") as f:
            c = json.load(f)
        c["process"]["args"] = args
        c["process"]["env"] = ["PATH=/bin"]
        c["root"] = {"path": "rootfs", "readonly": self.case.ro}
        c["linux"]["cgroupsPath"] = "/%s/%s" % (TOP, self.id)
        c["mounts"].append(bind(self.vol, "/vol"))
        if self.case.dev != "tmpfs":
            c["mounts"] = [m for m in c["mounts"] if not m["destination"].startswith("/dev")]
        if self.case.dev == "bind":
            c["mounts"].insert(1, bind(self.devdir, "/dev"))
        if self.case.userns:
            c["linux"]["namespaces"].append({"type": "user"})
            c["linux"]["uidMappings"] = c["linux"]["gidMappings"] = [{"containerID": 0, "hostID": USERNS_BASE, "size": 65536}]
        return c

    def mount(self, **m):
        self.config["mounts"].append(m)

    def bind(self, source, destination, *options):
        self.config["mounts"].append(bind(source, destination, *options))

    def in_image(self, path):
        return self.image + "/" + path.lstrip("/")

    def replace(self, path, target):
        """What stands at path in the image becomes a link to target."""
        full = self.in_image(path)
        remove(full)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        os.symlink(target, full)

    def prepare(self):
        """Writes the document; from here on the host's things must stay."""
        if self.before is not None:
            return
        if self.case.userns:
            for tree in (self.image, self.vol, self.devdir):
                for where, dirs, files in os.walk(tree):
                    for name in [""] + dirs + files:
                        full = os.path.join(where, name) if name else where
                        if os.lstat(full).st_uid == 0 and not (name in files and os.lstat(full).st_nlink > 1):
                            os.lchown(full, USERNS_BASE, USERNS_BASE)
        with open(self.bundle + "/config.json", "w") as f:
            json.dump(self.config, f)
        self.before, self.mounts = snapshot(self.decoy), read("/proc/self/mountinfo")

    def command(self, *args):
        # This crun refuses a hybrid hierarchy.
        hide = [HERE + "/without-cgroup2"] if self.runtime.kind == "crun" else []
        return [*hide, self.runtime.path, "--root", self.state, *args]

    def environment(self):
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **self.runtime.env, **self.env}

    def rt(self, *args, stdin=None, out=None, timeout=TIMEOUT, wrap=(), **kw):
        """Exit status; 124 when it did not end. Streams are files: a container keeps them open."""
        self.prepare()
        # A null device of our own: old runtimes give what they get as streams to the user of the container.
        with open(out or self.dir + "/out", "w") as o, open(self.log, "w") as e, open(RIG + "/null") as null:
            p = subprocess.Popen([*wrap, *self.command(*args)], stdin=stdin or null, stdout=o, stderr=e, env=self.environment(), cwd=self.bundle,
                                 start_new_session=True, **kw)
            try:
                status = p.wait(timeout)
            except subprocess.TimeoutExpired:
                os.killpg(p.pid, signal.SIGKILL)
                p.kill()
                p.wait()
                status = 124
        self.err, self.out = read(self.log), read(out or self.dir + "/out")
        return status

    def create(self, **kw):
        return self.rt("create", "--bundle", self.bundle, self.id, **kw)

    def start(self, **kw):
        return self.rt("start", self.id, **kw)

    def run(self, **kw):
        return self.rt("run", "--bundle", self.bundle, self.id, **kw)

    def up(self, **kw):
        return self.create(**kw) or self.start()

    def exec(self, *args, options=(), **kw):
        return self.rt("exec", *options, self.id, *args, **kw)

    def sh(self, script, **kw):
        """The script, run as the case says. The status, 124 for no end, 125 when no container came up."""
        remove(self.vol + "/.ran")
        status = self.attempt(["/bin/sh", "-c", ": >/vol/.ran; " + script], **kw)
        self.ran = os.path.lexists(self.vol + "/.ran")
        return status

    def attempt(self, command, **kw):
        if self.case.how == "exec":
            self.config["process"]["args"] = ["/bin/sleep", "100"]
            return self.exec(*command, **kw) if self.up() == 0 else 125
        self.config["process"]["args"] = command
        if self.case.how == "run":
            return self.run(**kw)
        out = self.dir + "/container"
        if self.create(out=out, **kw) or self.start():
            return 125
        ended = wait_for(lambda: self.status() == "stopped", TIMEOUT)
        self.out = read(out)
        return 0 if ended else 124

    def unless_ran(self, what="it"):
        """For the variants in which a container has to come up: without one nothing was tried."""
        return [] if self.ran else [Broken("%s: nothing ran: %s" % (what, self.err.strip()))]

    def unless_refused(self, why, what="it"):
        """masu has to say that it is this what it does not do, not something else that went wrong."""
        known = self.runtime.kind != "masu" or re.search(why, self.err)
        return [] if known else [Broken("%s: refused for another reason: %s" % (what, self.err.strip()))]

    def status(self):
        p = subprocess.run(self.command("state", self.id), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return json.loads(p.stdout)["status"] if p.returncode == 0 else "gone"

    def pid(self):
        p = subprocess.run(self.command("state", self.id), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return json.loads(p.stdout).get("pid", 0) if p.returncode == 0 else 0

    def result(self, name="result"):
        """What the script wrote to the volume: standard output may be part of what is attacked."""
        return read(self.vol + "/" + name)

    def damage(self):
        self.prepare()
        found = ["host: " + d for d in differences(self.before, snapshot(self.decoy))]
        if read("/proc/self/mountinfo") != self.mounts:
            found.append("host: mounts changed")
        return found

    def done(self):
        if not os.path.lexists(self.state + "/" + self.id):
            return
        subprocess.run(self.command("delete", "--force", self.id), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=TIMEOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.done()
        remove_all(self.dir)


def bind(source, destination, *options):
    return {"destination": destination, "type": "bind", "source": source, "options": ["bind", *options]}


def remove(path):
    if os.path.islink(path) or not os.path.isdir(path):
        if os.path.lexists(path):
            os.unlink(path)
    else:
        shutil.rmtree(path)


def remove_all(path):
    """Pins may leave a mount below their own root, of the host's /sys even: nothing is removed through one."""
    def below():
        points = [re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), m[0]) for m in mountinfo(os.getpid())]
        return sorted((m for m in points if m == path or m.startswith(path + "/")), key=len, reverse=True)
    for point in below():
        libc.umount2(os.fsencode(point), 2 | 8)  # MNT_DETACH, UMOUNT_NOFOLLOW
    if below():
        raise RuntimeError("still mounted, so nothing was removed: %s" % below())
    shutil.rmtree(path, ignore_errors=True)


def mountinfo(pid):
    """[(mount point, root, type, options)] of a process, the last one on a mount point is what is seen."""
    found = []
    for line in read("/proc/%d/mountinfo" % pid).splitlines():
        f = line.split()
        found.append((f[4], f[3], f[f.index("-") + 1], f[5]))
    return found


def mount_at(pid, path):
    at = [m for m in mountinfo(pid) if m[0] == path]
    return at[-1] if at else None


def status_of(pid):
    return dict(line.split(":\t", 1) for line in read("/proc/%d/status" % pid).splitlines() if ":\t" in line)


# ---- rows ----

ROWS = []


class Skip(Exception):
    pass


class Row:
    def __init__(self, name, title, cases, red, fn, needs, red_cases):
        self.name, self.title, self.cases, self.red, self.fn, self.needs = name, title, cases, red, fn, needs
        self.red_cases = red_cases or cases

    def attack(self, rt, cases, first=False):
        """Symptoms, and what kept the row from looking for some. first: one symptom is enough."""
        found, broken = [], []
        for case in cases:
            try:
                control(rt, case)
                with contextlib.closing(self.fn(rt, case)) as run:
                    for problem in run:
                        (broken if isinstance(problem, Broken) else found).append("%s: %s" % (case, problem))
                        if found and first:
                            return found, broken
            except Broken as e:
                broken.append("%s: %s" % (case, e))
            except Skip:
                raise
            except Exception:
                if first:
                    raise
                return found, broken + ["the test itself is broken: %s: %s" % (case, traceback.format_exc())]
        return found, broken


CONTROLS, COUNTS = {}, {}


def control(rt, case):
    """The same without an attack. What cannot do this says nothing about holes."""
    key = "%s: %s" % (rt.name, case)
    if key not in CONTROLS:
        with Box(rt, case) as b:
            b.config["hostname"] = "control"
            b.sh("echo alive >/vol/result")
            CONTROLS[key] = b.damage() if b.result() == "alive\n" else ["nothing ran: " + b.err.strip()]
    if CONTROLS[key]:
        raise Broken("without any attack: %s" % CONTROLS[key])


def count(what, n):
    """For the title: how much a row did."""
    COUNTS[what] = COUNTS.get(what, 0) + n


def row(name, title, cases=None, red=(), needs=None, red_cases=None):
    """red: "runc", "crun" or the name of a mutation. needs: gives the reason when this machine lacks something."""
    def enter(fn):
        ROWS.append(Row(name, title, cases or PLAIN, red, fn, needs, red_cases))
        return fn
    return enter


class Tap:
    n = failed = 0

    @classmethod
    def say(cls, ok, name, lines=(), skip=None):
        cls.n += 1
        cls.failed += not ok
        print("%s %d - %s%s" % ("ok" if ok else "not ok", cls.n, name, " # SKIP " + skip if skip else ""))
        lines = list(lines)
        for line in lines[:12] + (["... and %d more" % (len(lines) - 12)] if len(lines) > 12 else []):
            print("# " + str(line).rstrip().replace("\n", "\n# "))
        sys.stdout.flush()


def find(name, first_line):
    path = shutil.which(name)
    text = subprocess.run([path, "--version"], stdout=subprocess.PIPE).stdout.decode() if path else ""
    return path if first_line in text else None


def pins():
    """name -> a function that gives the runtime, or the reason why there is none."""
    mutant = os.environ.get("MASU_MUTANT") or BUILD + "/mutations/masu"
    known = {"runc": find("runc", "runc version 1.1.5"), "crun": find("crun", "crun version 1.8.1")}
    has_mutant = os.access(mutant, os.X_OK) and "mutations" in subprocess.run([mutant, "--version"], stdout=subprocess.PIPE).stdout.decode()

    def get(name):
        if name in known:
            return Runtime(name, known[name]) if known[name] else "needs %s" % {"runc": "runc 1.1.5", "crun": "crun 1.8.1"}[name]
        return Runtime("masu", mutant, name) if has_mutant else "needs a build with --enable-mutations (MASU_MUTANT)"
    return get


def prepare_rig():
    global RIG
    if os.geteuid():
        print("1..1\nok 1 - %s # SKIP needs root" % os.path.basename(sys.argv[0]))
        sys.exit(0)
    # Mounts of our own, private: what leaks out of a container shows here and nowhere else. A network of our own: so do sockets.
    if libc.unshare(0x20000 | 0x40000000) or libc.mount(None, b"/", None, 0x4000 | 1 << 18, None):
        raise OSError(ctypes.get_errno(), "make a mount namespace")
    libc.prctl(36, 1, 0, 0, 0)  # subreaper
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    RIG = tempfile.mkdtemp(prefix="masu-security.")
    os.chmod(RIG, 0o755)
    busybox = subprocess.run(["bash", "-c", '. "$0/spec-tests/lib/bundle.bash" && bundle_busybox', SRC], stdout=subprocess.PIPE).stdout.decode().strip()
    if not busybox:
        print("1..1\nok 1 - %s # SKIP needs a static busybox" % os.path.basename(sys.argv[0]))
        sys.exit(0)
    os.mknod(RIG + "/null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    os.chmod(RIG + "/null", 0o666)
    image = RIG + "/image"
    for d in ("bin", "dev", "etc", "proc", "sys", "tmp", "root", "home", "vol"):
        os.makedirs(image + "/" + d)
    shutil.copy(busybox, image + "/bin/busybox")
    for a in APPLETS:
        os.link(image + "/bin/busybox", image + "/bin/" + a)
    write(image + "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home:/bin/sh\n")
    write(image + "/etc/group", "root:x:0:\nuser:x:1000:\n")


def clean_rig():
    for p in reversed(cgroups()):
        try:
            os.rmdir(p)
        except OSError:
            pass
    remove_all(RIG)


def cgroups():
    found = []
    for m in mountinfo(os.getpid()):
        if m[2] in ("cgroup", "cgroup2") and os.path.isdir(m[0] + "/" + TOP):
            found += [w for w, _, _ in os.walk(m[0] + "/" + TOP)]
    return found


def compile_static(name):
    """A program of ours from NAME.c, linked statically; None without a compiler."""
    return tracer.compile_static("%s/%s.c" % (HERE, name), RIG)


def run_row(row, masu, get_pin, only_red):
    why = row.needs() if row.needs else None
    if why:
        Tap.say(True, "%s: %s" % (row.name, row.title), skip=why)
        return
    begun = time.time()
    if not only_red:
        try:
            COUNTS.clear()
            found, broken = row.attack(masu, row.cases)
            counts = ", ".join("%d %s" % (n, what if n > 1 else what[:-1]) for what, n in {"cases": len(row.cases), **COUNTS}.items())
            Tap.say(not found + broken, "%s: %s (%s)" % (row.name, row.title, counts), found + broken)
        except Skip as e:
            Tap.say(True, "%s: %s" % (row.name, row.title), skip=str(e))
            return
    for name in row.red if "--green" not in sys.argv else ():
        pin = get_pin(name)
        if isinstance(pin, str):
            Tap.say(True, "%s: red on %s" % (row.name, name), skip=pin)
            continue
        try:
            found, broken = row.attack(pin, row.red_cases, first=True)
            Tap.say(bool(found), "%s: red on %s" % (row.name, pin.name), found or ["the pin does not work: " + line for line in broken] or ["the hole was not found"])
        except Exception:
            Tap.say(False, "%s: red on %s" % (row.name, pin.name), [traceback.format_exc()])
    if os.environ.get("SEC_VERBOSE"):
        print("# %s took %.1f s" % (row.name, time.time() - begun))


def main():
    """Arguments: names of rows; --red: their pins only; --green: no pins."""
    prepare_rig()
    try:
        only = [a for a in sys.argv[1:] if not a.startswith("-")]
        masu = Runtime("masu", os.path.abspath(os.environ.get("MASU") or BUILD + "/masu"))
        get_pin = pins()
        for r in ROWS:
            if not only or r.name in only:
                run_row(r, masu, get_pin, "--red" in sys.argv)
    finally:
        clean_rig()
    print("1..%d" % Tap.n)
    sys.exit(bool(Tap.failed))
