#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Who takes a pidfd: receive.py SOCKET OUT. Takes one connection and writes a line of JSON: the payload, how many descriptors came in how
# many messages, and the process that the first one is about.
import array, json, re, socket, sys

listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listener.bind(sys.argv[1])
listener.listen(1)
out = open(sys.argv[2], "w", buffering=1)
print(json.dumps({"ready": True}), file=out)
sock, _ = listener.accept()
payload, fds, controls = b"", array.array("i"), 0
while True:
    data, anc, _, _ = sock.recvmsg(4096, socket.CMSG_SPACE(64))
    if not data:
        break
    payload += data
    for level, kind, d in anc:
        controls += 1
        fds.frombytes(d[: len(d) - len(d) % 4])
info = open(f"/proc/self/fdinfo/{fds[0]}").read() if fds else ""
pid = re.search(r"^Pid:\s*(-?\d+)", info, re.M)
print(json.dumps({"payload": payload.decode(), "fds": len(fds), "controls": controls, "pid": int(pid[1]) if pid else None}), file=out)
