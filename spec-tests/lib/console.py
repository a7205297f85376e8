#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A receiver of terminals, and a terminal for a foreground command.

console.py listen SOCKET OUT [INPUT]: takes one master from SOCKET, writes "fds N payload P cols C rows R" to OUT.info,
    sends INPUT and copies what the terminal says to OUT until it is closed.
console.py run OUT [--size ROWSxCOLS] [--resize ROWSxCOLS] [--input TEXT] -- COMMAND...: runs COMMAND on a new terminal, exits as it does.
"""
import array, fcntl, os, pty, select, signal, socket, struct, sys, termios, time


def size_of(fd):
    rows, cols = struct.unpack("HHHH", fcntl.ioctl(fd, termios.TIOCGWINSZ, b"\0" * 8))[:2]
    return rows, cols


def set_size(fd, text):
    rows, cols = (int(n) for n in text.split("x"))
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


def copy(master, out, until):
    while time.time() < until:
        ready, _, _ = select.select([master], [], [], 0.1)
        if not ready:
            continue
        try:
            data = os.read(master, 4096)
        except OSError:  # EIO: the last slave was closed
            return
        if not data:
            return
        out.write(data)
        out.flush()


def listen(path, out_name, text=None):
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path)
    server.listen(1)
    server.settimeout(30)
    with open(out_name + ".ready", "w"):
        pass
    peer, _ = server.accept()
    payload, anc, _, _ = peer.recvmsg(4096, socket.CMSG_SPACE(16 * 4))
    fds = array.array("i")
    for level, kind, data in anc:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(data[: len(data) - len(data) % 4])
    rows, cols = size_of(fds[0])
    with open(out_name + ".tmp", "w") as info:
        info.write("fds %d payload %d tty %d rows %d cols %d\n" % (len(fds), len(payload), os.isatty(fds[0]), rows, cols))
    os.rename(out_name + ".tmp", out_name + ".info")
    if text:
        os.write(fds[0], text.encode().decode("unicode_escape").encode())
    with open(out_name, "wb") as out:
        copy(fds[0], out, time.time() + 30)


def run(out_name, args):
    options, command = args[: args.index("--")], args[args.index("--") + 1 :]
    options = dict(zip(options[::2], options[1::2]))
    pid, master = pty.fork()
    if pid == 0:
        if "--size" in options:
            set_size(0, options["--size"])
        os.execvp(command[0], command)
    with open(out_name, "wb") as out:
        if "--resize" in options:
            copy(master, out, time.time() + 1)
            set_size(master, options["--resize"])
        if "--input" in options:
            copy(master, out, time.time() + 1)
            os.write(master, options["--input"].encode().decode("unicode_escape").encode())
        copy(master, out, time.time() + 30)
    _, status = os.waitpid(pid, 0)
    sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))


if __name__ == "__main__":
    signal.alarm(60)
    if sys.argv[1] == "listen":
        listen(*sys.argv[2:])
    else:
        run(sys.argv[2], sys.argv[3:])
