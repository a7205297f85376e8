#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# journald and syslog as far as a sender sees them: logdaemon.py OUT. Listens on /run/systemd/journal/socket and /dev/log (of the mount
# namespace it runs in) and writes each message to OUT as a line of JSON. With the argument stream /dev/log wants a stream.
# SIGTERM: it writes what has been sent until then, and ends.
import array, fcntl, json, os, selectors, signal, socket, sys

F_GET_SEALS = 1034
out = open(sys.argv[1], "w", buffering=1)
sel = selectors.DefaultSelector()


def fields(data):
    found = {}
    while data:
        line, _, data = data.partition(b"\n")
        key, eq, value = line.partition(b"=")
        if not eq:
            n = int.from_bytes(data[:8], "little")
            value, data = data[8 : 8 + n], data[8 + n + 1 :]
        found[key.decode()] = value.decode()
    return found


def journal(sock):
    data, anc, _, _ = sock.recvmsg(1 << 20, socket.CMSG_SPACE(64))
    seals = None
    for _, _, d in anc:
        fd = array.array("i", d)[0]
        seals = fcntl.fcntl(fd, F_GET_SEALS)
        data = os.pread(fd, 1 << 24, 0)
    print(json.dumps({"to": "journald", "seals": seals, **fields(data)}), file=out)


def syslog(sock):
    print(json.dumps({"to": "syslog", "text": sock.recv(1 << 20).decode()}), file=out)


def accept(sock):
    sel.register(sock.accept()[0], selectors.EVENT_READ, stream_syslog)


def stream_syslog(sock):
    data = sock.recv(1 << 20)
    if data:
        print(json.dumps({"to": "syslog", "text": data.decode()}), file=out)
    else:
        sel.unregister(sock)


def end(sock):
    global ending
    ending = True
    sel.unregister(sock)


os.makedirs("/run/systemd/journal", exist_ok=True)
stream = "stream" in sys.argv
for path, kind, fn in (("/run/systemd/journal/socket", socket.SOCK_DGRAM, journal), ("/dev/log", socket.SOCK_STREAM if stream else socket.SOCK_DGRAM, accept if stream else syslog)):
    s = socket.socket(socket.AF_UNIX, kind)
    s.bind(path)
    if kind == socket.SOCK_STREAM:
        s.listen()
    sel.register(s, selectors.EVENT_READ, fn)
ending = False
woken, wake = socket.socketpair()
wake.setblocking(False)
signal.set_wakeup_fd(wake.fileno())
signal.signal(signal.SIGTERM, lambda number, frame: None)
sel.register(woken, selectors.EVENT_READ, end)
print(json.dumps({"ready": True}), file=out)
while True:
    ready = sel.select(0 if ending else None)
    if ending and not ready:
        break
    for key, _ in ready:
        key.data(key.fileobj)
