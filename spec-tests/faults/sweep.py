# SPDX-License-Identifier: Apache-2.0
"""Commands whose system calls are made to fail, and what has to be true afterwards. Whatever fails: the command ends in time; it says
in one line why it failed and leaves nothing, or it succeeds, and what the container then has is exactly what an undisturbed one has."""
import difflib, errno, os, re, shutil, signal, time

import bundles, rig
from rig import ID, TOP, cgroup_mounts, read

ERRORS = ("EPERM", "EINVAL", "ENOSYS", "EIO", "ENOMEM", "ENOSPC", "EMFILE", "EINTR", "EAGAIN")
# The kernel has no way to fail these, or whoever makes them is gone. Killed is everybody at all of them.
CANNOT_FAIL = {
    "exit", "exit_group",  # does not return
    "rt_sigreturn",  # what it returns is the register of whoever was interrupted
    "restart_syscall",  # the kernel's own way to go on with a call that was made already
    "getpid", "getppid", "gettid", "getpgrp", "getuid", "geteuid", "getgid", "getegid", "umask", "alarm", "sync",  # no error is defined
    "set_tid_address",  # none either
}
ONLY = {"brk": ("ENOMEM",)}  # it has one way to fail, and no number for it
LIMITS = ("pids.max", "memory.limit_in_bytes", "memory.max", "cpu.shares", "cpu.weight", "devices.list")
WAIT = 5
rig.TIMEOUT, rig.GRACE = 15, 10


def namespaces_of_host():
    return " ".join(os.readlink("/proc/self/ns/" + n) for n in sorted(os.listdir("/proc/self/ns")))


def note(r, kind):
    return {"path": r.bundle + "/rootfs/posture", "args": ["posture", "note", r.log, kind]}


def root(r):
    """As root, with a filter, masks, read-only paths, limits and hooks; in the host's cgroup namespace, so that it shows where it is."""
    c = bundles.full(r)
    kinds = ("createRuntime", "createContainer", "poststart", "poststop")
    c["hooks"] = {k: [note(r, k)] for k in kinds}
    c["hooks"]["startContainer"] = [{"path": "/posture", "args": ["posture", "note", "/data/log", "startContainer"]}]
    c["linux"]["namespaces"] = bundles.namespaces("pid", "network", "ipc", "uts", "mount")
    c["linux"]["resources"]["cpu"] = {"shares": 512}
    return c


def user(r):
    """A user namespace, somebody who is not root in it, groups, capabilities that are kept, a cgroup namespace."""
    c = bundles.user(r)
    c["process"]["user"] = {"uid": 1000, "gid": 1000, "additionalGids": [50, 60], "umask": 0o27}
    caps = ["CAP_NET_BIND_SERVICE"]
    c["process"]["capabilities"] = {k: caps for k in ("bounding", "permitted", "effective", "inheritable", "ambient")}
    c["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["keyctl"], "action": "SCMP_ACT_ERRNO"}]}
    c["hooks"] = {k: [note(r, k)] for k in ("createContainer", "poststop")}
    return c


class Place:
    """One injection: which call of which process, and what."""

    def __init__(self, key, what):
        self.key, self.what = key, what
        self.role, self.call, self.nth = key.split(":")
        self.kill = what == "KILL"

    def options(self):
        return ("-k", self.key, *(("-9",) if self.kill else ("-e", str(getattr(errno, self.what)))))

    def __str__(self):
        return "%s=%s" % (self.key, self.what)


class Bench:
    """The rig, with a bundle whose program prints what it has."""

    def __init__(self, r, inject, posture):
        self.rig, self.inject = r, inject
        self.report, self.trace, self.signals = r.dir + "/reached", r.dir + "/trace", r.dir + "/data/signals"
        shutil.rmtree(r.bundle + "/rootfs")
        for d in ("data", "dev", "etc", "proc", "sys", "tmp"):
            os.makedirs(r.bundle + "/rootfs/" + d)
        shutil.copy(posture, r.bundle + "/rootfs/posture")
        for name in ("log", "signals"):
            open(r.dir + "/data/" + name, "w").close()
            os.chmod(r.dir + "/data/" + name, 0o666)
        self.print = ["/posture", namespaces_of_host()]

    def use(self, build, args):
        config = build(self.rig)
        config["process"]["args"] = args
        self.rig.use(config)
        self.rig.files = None
        self.create = ("create", *self.rig.options, ID)
        problems, _ = self.rig.learn()
        return problems

    def keep(self):
        """What this command wrote is what its container's program writes: not to be mixed with what others write."""
        os.rename(self.rig.dir + "/stdout", self.rig.dir + "/output")

    def output(self, want=True):
        """What the program printed; it has printed all of it when its last line is there."""
        end = time.time() + WAIT
        while want and not read(self.rig.dir + "/output").endswith("# end\n") and time.time() < end:
            time.sleep(0.001)
        return read(self.rig.dir + "/output")

    def make(self, start=False):
        problems = self.masu(*self.create)
        self.keep()
        return problems + (self.masu("start", ID) if start else [])

    def limits(self):
        found = {}
        for m in cgroup_mounts():
            for where, _, files in os.walk("%s/%s" % (m, TOP)):
                for f in set(files) & set(LIMITS):
                    found["%s/%s" % (where, f)] = read("%s/%s" % (where, f))
        return found

    def around(self):
        """All that a command on a running container has to leave as it was."""
        r, found = self.rig, set()
        found |= {"process %d %s" % (p, n[1].split()[0]) for p, n in r.strays().items()}
        for m in cgroup_mounts():
            found |= {"cgroup " + where for where, _, _ in os.walk("%s/%s" % (m, TOP))}
        for where, _, files in os.walk(r.root):
            found |= {"state: " + os.path.join(where, f) for f in files}
        return found | {"mount " + m for m in read("/proc/self/mountinfo").splitlines()}

    def check_around(self, before, kill):
        end = time.time() + WAIT
        while (now := self.around()) != before and time.time() < end:
            time.sleep(0.002)
        # A command that was killed tidies nothing up; the container's directory is removed as a whole.
        more = {m for m in now - before if not (kill and m.startswith("state: "))}
        return ["left: " + m for m in sorted(more)] + ["gone: " + m for m in sorted(before - now)]

    def masu(self, *args):
        """A command that has to succeed: problems."""
        status, err = self.rig.masu(*args)
        return [] if status == 0 else ["`%s`: status %s: %s" % (args[0], status, err.strip())]

    def delete(self):
        return self.masu("delete", "--force", ID) + self.rig.check_left("after the delete")

    def pid(self):
        return read(self.rig.pids + "/pid").strip()


class Command:
    """before(): what has to be there. judge(): what is true after an injection. The undisturbed command says how it should be."""
    name, alive = "", False
    prints, follow = False, None  # the program writes where the command writes; who else makes calls of it

    def __init__(self, bench):
        self.bench, self.rig, self.expected = bench, bench.rig, None

    def before(self):
        return []

    def run(self, *options):
        follow = ("-p", "%s:%s" % (self.bench.pid(), self.follow)) if self.follow else ()
        return self.rig.masu(*self.args(), wrap=(self.bench.inject, *follow, *options, "--"))

    def undisturbed(self):
        """(problems, the calls of the command)"""
        status, err = self.run("-l", self.bench.trace)
        if self.prints:
            self.bench.keep()
        lines = read(self.bench.trace).splitlines()
        problems = ["undisturbed: status %s: %s" % (status, err)] if status != 0 else self.judge(None, status, err)
        return problems, lines

    def one(self, place):
        """(problems, whether the call was reached, whether the command succeeded all the same)"""
        if os.path.exists(self.bench.report):
            os.unlink(self.bench.report)
        problems = self.before()
        if problems:
            return ["prepare: " + p for p in problems], False, False
        status, err = self.run("-r", self.bench.report, *place.options())
        if self.prints:
            self.bench.keep()
        reached = os.path.exists(self.bench.report)
        problems = self.judge(place, status, err)
        if problems and not self.alive:
            self.rig.sweep()
        return problems, reached, status == 0

    def failure(self, place, status, err):
        """Problems with the end of a command that did not succeed."""
        # Whoever believes to be nobody special asks helpers, which have their own words.
        lines = [line for line in err.splitlines() if not line.startswith(("hint: ", "newuidmap: ", "newgidmap: "))]
        if not isinstance(status, int):
            return [status]
        if status < 0:
            mine = place and place.role == "masu"
            if (place and place.kill and mine and status == -signal.SIGKILL) or (mine and place.loader):
                return []
            return ["masu ended by signal %d: %s" % (-status, err)]
        # It is told as the end of the program that it was about to be.
        if place.kill and place.role != "masu" and status == 128 + signal.SIGKILL and self.prints:
            return []
        if len(lines) == 1 and (lines[0].startswith("masu: ") or place.loader):
            return []
        # What cannot be written cannot be read.
        if not lines and place.role == "masu" and place.call in ("write", "writev"):
            return []
        return ["status %d, wanted one line that says why: %s" % (status, err)]

    def same(self, place, text):
        """Problems with what the container has."""
        if self.expected is None:
            self.expected = text
            signals = re.findall(r"^Sig(?:Blk|Ign):\t0*[1-9a-f].*", text, re.M)
            return ["the caller's signals: " + s for s in signals] if text.endswith("# end\n") else ["the program printed nothing: " + text]
        if text == self.expected or self.is_clone(place, text):
            return []
        diff = list(difflib.unified_diff(self.expected.splitlines(), text.splitlines(), "undisturbed", "disturbed", n=0, lineterm=""))
        return ["it runs, but not as it should: " + "; ".join(diff[2:14])]

    def is_clone(self, place, text):
        """In a user namespace, a proc that may not be mounted is the host's, with the same masks and options, and that is all."""
        if not place or place.call not in ("fsopen", "fsconfig", "fsmount") or place.what != "EPERM":
            return False
        plain = [[line.replace(" master -", " -") for line in t.splitlines() if not line.startswith("pid namespaces")] for t in (self.expected, text)]
        return plain[0] == plain[1] and " /proc rw,relatime master - proc" in text

    def same_or_none(self, place, text):
        """It may have been ended before it had printed everything."""
        return [] if self.expected is not None and self.expected.startswith(text) else self.same(place, text)

    def listed(self):
        return self.bench.masu("list")


class Create(Command):
    name, prints = "create", True

    def args(self):
        return self.bench.create

    def judge(self, place, status, err):
        b = self.bench
        if status != 0:
            problems = self.failure(place, status, err)
            if status == -signal.SIGKILL:
                problems += self.listed() + b.delete()
            else:
                problems += self.rig.check_left("before the delete", undone="create") + b.masu("delete", "--force", ID)
            if b.output(False):
                problems.append("the program ran")
            return problems + self.rig.check_hooks("afterwards")
        problems = self.same_limits()
        started, err = self.rig.masu("start", ID)
        if started == 0:
            problems += self.same(place, b.output())
        elif not (place.role != "masu" and (place.kill or (place.call == "read" and "cannot start a container that has stopped" in err))):
            # Init may be ended, or its wait for the start may fail, when all is made and said.
            problems.append("created, but start says: " + err)
        return problems + b.delete() + self.rig.check_hooks("afterwards")

    def same_limits(self):
        now = self.bench.limits()
        if not hasattr(self, "limits"):
            self.limits = now
        return ["limits: %s" % sorted(self.limits.items() ^ now.items())] if now != self.limits else []


class Start(Command):
    name, follow = "start", "init"

    def before(self):
        return self.bench.make()

    def args(self):
        return ("start", ID)

    def judge(self, place, status, err):
        b = self.bench
        problems = self.failure(place, status, err) if status != 0 else []
        # Killed in the moment of its execve it was started.
        must = status == 0 and not (place and place.kill and place.role != "masu")
        problems += self.same(place, b.output()) if must else []
        if status == -signal.SIGKILL:
            problems += self.listed()
        elif not self.rig.status():
            # A hook of the start that fails is the end of the container.
            problems += self.rig.check_left("it is gone")
        problems += b.delete() + ([] if must else self.same_or_none(place, b.output(False)))
        return problems + self.rig.check_hooks("afterwards")


class Run(Command):
    name, prints = "run", True

    def args(self):
        return ("run", *self.rig.options, ID)

    def judge(self, place, status, err):
        b = self.bench
        # Killed after it had removed all that knows of hooks, as a delete may be.
        gone = status == -signal.SIGKILL and not os.path.exists("%s/%s/config.json" % (self.rig.root, ID))
        problems = self.failure(place, status, err) if status != 0 else self.same(place, b.output())
        if status == -signal.SIGKILL or "delete container `%s`: " % ID in err:
            # Its exit code is that of the program, so it can only say that the container is still there.
            problems += self.listed() + b.delete()
        else:
            # An init that is killed while it becomes the program was the program.
            became = place and place.kill and place.role != "masu" and status == 128 + signal.SIGKILL
            ran = status == 0 or became or b.output(False)
            problems += self.rig.check_left("before a delete", undone=None if ran else "run") + b.masu("delete", "--force", ID)
        if status != 0:
            problems += self.same_or_none(place, b.output(False))
        # Once it has run, what fails may have been the poststop hook.
        return problems + self.rig.check_hooks("afterwards", may_miss=status == 0 or gone)


class Alive(Command):
    """A command on a container that goes on."""
    alive, there = True, None

    def before(self):
        b = self.bench
        if self.there:
            return []
        problems = b.make(start=True)
        end = time.time() + WAIT
        while not problems and "waiting" not in b.output(False):
            if time.time() > end:
                return ["the container does not run"]
        self.there = b.around()
        return problems

    def one(self, place):
        result = super().one(place)
        if result[0]:
            self.end()
        return result

    def end(self):
        self.rig.sweep()
        self.there = None

    def judge(self, place, status, err):
        problems = self.failure(place, status, err) if status != 0 else []
        problems += self.effect(place, status)
        problems += self.bench.check_around(self.there, status == -signal.SIGKILL)
        now = self.rig.status()
        return problems + (["the container is %s" % now] if now != "running" else [])

    def size(self):
        return len(read(self.bench.signals))

    def arrived(self, before):
        end = time.time() + WAIT
        while (n := self.size() - before) == 0 and time.time() < end:
            time.sleep(0.001)
        return n

    def goes_on(self):
        """It is not frozen: it hears."""
        before = self.size()
        problems = self.bench.masu("kill", ID, "USR1")
        return problems or ([] if self.arrived(before) == 1 else ["a signal does not arrive"])


class Exec(Alive):
    name, prints = "exec", True

    def args(self):
        return ("exec", ID, *self.bench.print)

    def effect(self, place, status):
        if status == 0:
            return self.same(place, self.bench.output())
        self.bench.check_around(self.there, True)
        return self.same_or_none(place, self.bench.output(False))


class Kill(Alive):
    name = "kill"

    def before(self):
        problems = super().before()
        self.was = self.size()
        return problems

    def args(self):
        return ("kill", ID, "USR1")

    def effect(self, place, status):
        if status == 0:
            n = self.arrived(self.was)
            return [] if n == 1 else ["%d signals arrived" % n]
        return []


class Pause(Alive):
    name = "pause"

    def args(self):
        return ("pause", ID)

    def effect(self, place, status):
        now = self.rig.status()
        if status == 0 and now != "paused":
            return ["paused, and it is %s" % now]
        if status != 0 and not place.kill and now != "running":
            return ["not paused, and it is %s" % now]
        return (self.bench.masu("resume", ID) if now == "paused" else []) + self.goes_on()


class Resume(Alive):
    name = "resume"

    def before(self):
        return super().before() + self.bench.masu("pause", ID)

    def args(self):
        return ("resume", ID)

    def effect(self, place, status):
        now = self.rig.status()
        if status == 0 and now != "running":
            return ["resumed, and it is %s" % now]
        return (self.bench.masu("resume", ID) if now == "paused" else []) + self.goes_on()


class Update(Alive):
    name = "update"
    new = ("update", "--pids-limit", "50", "--memory", str(32 << 20), "--cpu-share", "256", ID)
    old = ("update", "--pids-limit", "64", "--memory", str(64 << 20), "--cpu-share", "512", ID)

    def before(self):
        problems = super().before()
        self.was = self.bench.limits()
        return problems

    def args(self):
        return self.new

    def effect(self, place, status):
        now, problems = self.bench.limits(), []
        if self.expected is None:
            self.expected = now
            if now == self.was:
                problems.append("nothing changed")
        if status == 0 and now != self.expected:
            problems.append("limits: %s" % sorted(now.items() ^ self.expected.items()))
        for k in now:
            if now[k] not in (self.was.get(k), self.expected.get(k)):
                problems.append("limit %s is %s" % (k, now[k]))
        problems += self.bench.masu(*self.new)
        if self.bench.limits() != self.expected:
            problems.append("a second update does not do it")
        problems += self.bench.masu(*self.old)
        return problems + ([] if self.bench.limits() == self.was else ["the old limits do not come back"])


class Delete(Command):
    name = "delete"

    def before(self):
        return self.bench.make(start=True)

    def args(self):
        return ("delete", "--force", ID)

    def judge(self, place, status, err):
        if status == 0:
            problems = self.rig.check_left("after the delete")
        else:
            problems = self.failure(place, status, err) + (self.listed() if status == -signal.SIGKILL else []) + self.bench.delete()
        # One of its calls made the hook, and a hook that is not made is told of and passed over.
        return problems + self.rig.check_hooks("afterwards", may_miss=True)


ONCE, WAITING = (Create, Start, Run), (Exec, Kill, Pause, Resume, Update, Delete)
PLAN = {"root": (root, ONCE + WAITING), "user": (user, (Create, Start, Exec, Delete))}
