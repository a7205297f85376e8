#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# A seccomp agent: agent.py SOCKET OUT [ANSWER]. Takes one connection, writes what it got to OUT as lines of JSON ("message" for each
# recvmsg, then "end"), answers every notification: ANSWER continue (default) or an errno. ANSWER close: closes the connection unread.
import array, ctypes, fcntl, json, os, socket, struct, sys

NOTIF_RECV, NOTIF_SEND = 0xC0502100, 0xC0182101
path, out, answer = sys.argv[1], open(sys.argv[2], "w", buffering=1), (sys.argv[3:] or ["continue"])[0]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listener.bind(path)
listener.listen(1)
print(json.dumps({"ready": True}), file=out)
sock, _ = listener.accept()
if answer == "close":
    os._exit(0)
text, fds = b"", []
while True:
    data, anc, _, _ = sock.recvmsg(1 << 20, socket.CMSG_SPACE(64))
    got = array.array("i")
    for level, kind, d in anc:
        got.frombytes(d[: len(d) - len(d) % 4])
    if not data:
        break
    text += data
    fds += got
    print(json.dumps({"message": len(data), "fds": len(got)}), file=out)
if not text:
    sys.exit("nothing was sent")
print(json.dumps({"end": json.loads(text), "raw": text.decode()}), file=out)
while True:
    notif = bytearray(80)
    try:
        fcntl.ioctl(fds[0], NOTIF_RECV, notif)
    except OSError:
        break
    id_, pid, _, nr = struct.unpack_from("=QIIi", notif)
    print(json.dumps({"nr": nr, "pid": pid}), file=out)
    if answer == "continue":
        resp = struct.pack("=QqiI", id_, 0, 0, 1)
    else:
        resp = struct.pack("=QqiI", id_, 0, -int(answer), 0)
    try:
        fcntl.ioctl(fds[0], NOTIF_SEND, resp)
    except OSError:
        pass
