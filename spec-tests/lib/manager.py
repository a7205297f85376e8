#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# A service manager's notify socket: manager.py SOCKET OUT [hold]. SOCKET may start with @ (abstract). Writes each datagram to OUT as a
# line of JSON: text, sender, number of descriptors. Closes the descriptors, which ends a barrier; hold: keeps them.
import array, json, os, socket, struct, sys

path, out = sys.argv[1], open(sys.argv[2], "w", buffering=1)
held = []
sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
sock.bind("\0" + path[1:] if path[0] == "@" else path)
print(json.dumps({"ready": True}), file=out)
while True:
    data, anc, _, _ = sock.recvmsg(65536, socket.CMSG_SPACE(4096))
    fds, pid = array.array("i"), 0
    for level, kind, d in anc:
        if kind == socket.SCM_RIGHTS:
            fds.frombytes(d[: len(d) - len(d) % 4])
        elif kind == socket.SCM_CREDENTIALS:
            pid = struct.unpack("iii", d)[0]
    print(json.dumps({"text": data.decode(), "pid": pid, "fds": len(fds)}), file=out)
    if "hold" in sys.argv:
        held += fds
    else:
        for fd in fds:
            os.close(fd)
