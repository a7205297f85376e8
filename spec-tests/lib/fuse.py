# SPDX-License-Identifier: Apache-2.0
"""A small FUSE file system without a library: a tree of names, whose answers a test may change from one question to the next, or keep back
for ever. It runs as a process of its own and ends with its mount."""
import ctypes, os, signal, stat, struct, sys

LOOKUP, FORGET, GETATTR, READLINK, OPEN, READ, STATFS, RELEASE, FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR, ACCESS, INTERRUPT, DESTROY, BATCH_FORGET = (
    1, 2, 3, 5, 14, 15, 17, 18, 25, 26, 27, 28, 29, 34, 36, 38, 42)
ENOENT, ENOSYS = 2, 38


class Node:
    """A directory (children: name -> node), a link (target) or a file (text). answers: other nodes that the name stands for, in turn."""
    count = 2  # 1 is the root

    def __init__(self, children=None, target=None, text="", answers=None, hangs=False):
        self.children, self.target, self.text, self.answers, self.hangs, self.asked = children, target, text, answers, hangs, 0
        self.ino = Node.count
        Node.count += 1

    def mode(self):
        return stat.S_IFDIR | 0o755 if self.children is not None else stat.S_IFLNK | 0o777 if self.target is not None else stat.S_IFREG | 0o755

    def all(self):
        yield self
        for child in (self.children or {}).values():
            yield from child.all()
        for other in self.answers or ():
            yield from other.all()


def attr(n):
    size = len(n.text) if n.children is None and n.target is None else 0
    return struct.pack("<QQQQQQIIIIIIIIII", n.ino, size, 0, 0, 0, 0, 0, 0, 0, n.mode(), 2 if n.children is not None else 1, 0, 0, 0, 4096, 0)


def answer(nodes, op, ino, body, log):
    """What to say to one question; an errno; None for nothing at all."""
    n = nodes.get(ino)
    if n is None:
        return -ENOENT
    if op == LOOKUP:
        name = body.split(b"\0")[0].decode()
        child = (n.children or {}).get(name)
        if child is None:
            return -ENOENT
        if child.answers:
            # Nothing is remembered: each time that a path is walked the kernel asks again.
            child.asked += 1
            child = child.answers[min(child.asked - 1, len(child.answers) - 1)]
        os.write(log, b"%s %o\n" % (name.encode(), stat.S_IFMT(child.mode())))
        return struct.pack("<QQQQII", child.ino, 0, 0, 0, 0, 0) + attr(child)
    if op == GETATTR:
        return struct.pack("<QII", 0, 0, 0) + attr(n)
    if op == READLINK:
        return n.target.encode()
    if op in (OPEN, OPENDIR):
        return struct.pack("<QII", 0, 1, 0)  # direct: nothing stays in the page cache
    if op == READ:
        if n.hangs:
            return None
        offset, size = struct.unpack_from("<8xQI", body)
        return n.text.encode()[offset:offset + size]
    if op == READDIR:
        if struct.unpack_from("<8xQ", body)[0]:
            return b""
        out = b""
        for i, name in enumerate([".", "..", *n.children]):
            child = n.children.get(name, n)
            out += struct.pack("<QQII", child.ino, i + 1, len(name), stat.S_IFMT(child.mode()) >> 12) + name.encode() + b"\0" * (-len(name) % 8)
        return out
    if op == STATFS:
        return struct.pack("<QQQQQIIII24x", 0, 0, 0, 0, 0, 512, 255, 512, 0)
    if op in (RELEASE, RELEASEDIR, FLUSH, ACCESS):
        return b""
    return -ENOSYS


def serve(fd, root, log):
    nodes = {n.ino: n for n in root.all()}
    while True:
        try:
            data = os.read(fd, 1 << 18)
        except OSError as e:
            if e.errno == ENOENT:
                continue
            return
        size, op, unique, ino = struct.unpack_from("<IIQQ", data)
        if op in (FORGET, BATCH_FORGET, INTERRUPT):
            continue
        if op == INIT:
            got = struct.pack("<IIIIHHIIHHI28x", 7, 31, 65536, 0, 12, 9, 4096, 1, 0, 0, 0)
        else:
            got = answer(nodes, op, ino, data[40:], log)
        if got is None:
            continue
        error, got = (got, b"") if isinstance(got, int) else (0, got)
        try:
            os.write(fd, struct.pack("<IiQ", 16 + len(got), error, unique) + got)
        except OSError:
            pass


class Fuse:
    """root mounted at path, in the mount namespace of the caller; log: a line for each name that was looked up."""

    def __init__(self, path, root):
        root.ino = 1
        self.path, self.log = path, path + ".log"
        log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fd = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        self.libc = ctypes.CDLL(None, use_errno=True)
        options = "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other" % fd
        if self.libc.mount(b"masu-test", path.encode(), b"fuse", 0, options.encode()):
            error = ctypes.get_errno()
            os.close(fd)
            raise OSError(error, os.strerror(error))
        self.pid = os.fork()
        if self.pid == 0:
            try:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                serve(fd, root, log)
            finally:
                os._exit(0)
        os.close(fd)
        os.close(log)

    def looked_up(self):
        with open(self.log) as f:
            return f.read().split("\n")[:-1]

    def end(self):
        """Whoever waits for an answer gets an error."""
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        self.libc.umount2(self.path.encode(), 2)


def why_not():
    """None when it works here."""
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR))
    except OSError as e:
        return "needs /dev/fuse: " + os.strerror(e.errno)
    return None
