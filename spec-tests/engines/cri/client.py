# SPDX-License-Identifier: Apache-2.0
"""A client of the Kubernetes Container Runtime Interface, as far as the tests need it: calls take and give plain dicts. The messages that
it knows are the table below (name, number and kind of each field of runtime.v1); gRPC is python3-grpcio's. A container's streams (exec
and attach) are a WebSocket beside it. What is tested with it is no matter of this file."""

import base64
import os
import socket
import struct
import urllib.parse

import grpc

# Kinds: str bytes bool int (also enums and every unsigned), map (of strings), the name of a message; * repeats. An absent scalar reads as
# its zero, an absent message as {}.
TABLE = """
VersionRequest: version 1 str
VersionResponse: version 1 str, runtime_name 2 str, runtime_version 3 str, runtime_api_version 4 str
StatusRequest: verbose 1 bool
StatusResponse: status 1 RuntimeStatus, info 2 map, runtime_handlers 3 *RuntimeHandler, features 4 RuntimeFeatures
RuntimeStatus: conditions 1 *RuntimeCondition
RuntimeCondition: type 1 str, status 2 bool, reason 3 str, message 4 str
RuntimeHandler: name 1 str, features 2 RuntimeHandlerFeatures
RuntimeHandlerFeatures: recursive_read_only_mounts 1 bool, user_namespaces 2 bool
RuntimeFeatures: supplemental_groups_policy 1 bool

RunPodSandboxRequest: config 1 PodSandboxConfig, runtime_handler 2 str
RunPodSandboxResponse: pod_sandbox_id 1 str
StopPodSandboxRequest: pod_sandbox_id 1 str
StopPodSandboxResponse:
RemovePodSandboxRequest: pod_sandbox_id 1 str
RemovePodSandboxResponse:
PodSandboxStatusRequest: pod_sandbox_id 1 str, verbose 2 bool
PodSandboxStatusResponse: status 1 PodSandboxStatus, info 2 map
PodSandboxStatus: id 1 str, metadata 2 PodSandboxMetadata, state 3 int, network 5 PodSandboxNetworkStatus, runtime_handler 9 str
PodSandboxNetworkStatus: ip 1 str
ListPodSandboxRequest:
ListPodSandboxResponse: items 1 *PodSandbox
PodSandbox: id 1 str, metadata 2 PodSandboxMetadata, state 3 int
PodSandboxMetadata: name 1 str, uid 2 str, namespace 3 str, attempt 4 int
PodSandboxConfig: metadata 1 PodSandboxMetadata, hostname 2 str, log_directory 3 str, labels 6 map, annotations 7 map, linux 8 LinuxPodSandboxConfig
LinuxPodSandboxConfig: cgroup_parent 1 str, security_context 2 LinuxSandboxSecurityContext, sysctls 3 map
LinuxSandboxSecurityContext: namespace_options 1 NamespaceOption, run_as_user 3 Int64Value, readonly_rootfs 4 bool, supplemental_groups 5 *int, privileged 6 bool, run_as_group 8 Int64Value, seccomp 9 SecurityProfile
NamespaceOption: network 1 int, pid 2 int, ipc 3 int, target_id 4 str, userns_options 5 UserNamespace
UserNamespace: mode 1 int, uids 2 *IDMapping, gids 3 *IDMapping
IDMapping: host_id 1 int, container_id 2 int, length 3 int
SecurityProfile: profile_type 1 int, localhost_ref 2 str
Int64Value: value 1 int
UInt64Value: value 1 int

CreateContainerRequest: pod_sandbox_id 1 str, config 2 ContainerConfig, sandbox_config 3 PodSandboxConfig
CreateContainerResponse: container_id 1 str
StartContainerRequest: container_id 1 str
StartContainerResponse:
StopContainerRequest: container_id 1 str, timeout 2 int
StopContainerResponse:
RemoveContainerRequest: container_id 1 str
RemoveContainerResponse:
ListContainersRequest:
ListContainersResponse: containers 1 *Container
Container: id 1 str, pod_sandbox_id 2 str, metadata 3 ContainerMetadata, state 6 int
ContainerMetadata: name 1 str, attempt 2 int
ContainerConfig: metadata 1 ContainerMetadata, image 2 ImageSpec, command 3 *str, args 4 *str, working_dir 5 str, envs 6 *KeyValue, mounts 7 *Mount, devices 8 *Device, labels 9 map, annotations 10 map, log_path 11 str, stdin 12 bool, stdin_once 13 bool, tty 14 bool, linux 15 LinuxContainerConfig
ImageSpec: image 1 str
KeyValue: key 1 str, value 2 str
Mount: container_path 1 str, host_path 2 str, readonly 3 bool, selinux_relabel 4 bool, propagation 5 int, uidMappings 6 *IDMapping, gidMappings 7 *IDMapping, recursive_read_only 8 bool
Device: container_path 1 str, host_path 2 str, permissions 3 str
LinuxContainerConfig: resources 1 LinuxContainerResources, security_context 2 LinuxContainerSecurityContext
LinuxContainerResources: cpu_period 1 int, cpu_quota 2 int, cpu_shares 3 int, memory_limit_in_bytes 4 int, oom_score_adj 5 int, cpuset_cpus 6 str, cpuset_mems 7 str, unified 9 map, memory_swap_limit_in_bytes 10 int
LinuxContainerSecurityContext: capabilities 1 Capability, privileged 2 bool, namespace_options 3 NamespaceOption, run_as_user 5 Int64Value, run_as_username 6 str, readonly_rootfs 7 bool, supplemental_groups 8 *int, no_new_privs 11 bool, run_as_group 12 Int64Value, masked_paths 13 *str, readonly_paths 14 *str, seccomp 15 SecurityProfile
Capability: add_capabilities 1 *str, drop_capabilities 2 *str
ContainerStatusRequest: container_id 1 str, verbose 2 bool
ContainerStatusResponse: status 1 ContainerStatus, info 2 map
ContainerStatus: id 1 str, state 3 int, created_at 4 int, started_at 5 int, finished_at 6 int, exit_code 7 int, reason 10 str, message 11 str, log_path 15 str
UpdateContainerResourcesRequest: container_id 1 str, linux 2 LinuxContainerResources
UpdateContainerResourcesResponse:
ReopenContainerLogRequest: container_id 1 str
ReopenContainerLogResponse:
ExecSyncRequest: container_id 1 str, cmd 2 *str, timeout 3 int
ExecSyncResponse: stdout 1 bytes, stderr 2 bytes, exit_code 3 int
ExecRequest: container_id 1 str, cmd 2 *str, tty 3 bool, stdin 4 bool, stdout 5 bool, stderr 6 bool
ExecResponse: url 1 str
AttachRequest: container_id 1 str, stdin 2 bool, tty 3 bool, stdout 4 bool, stderr 5 bool
AttachResponse: url 1 str
ContainerStatsRequest: container_id 1 str
ContainerStatsResponse: stats 1 ContainerStats
ContainerStats: cpu 2 CpuUsage, memory 3 MemoryUsage
CpuUsage: timestamp 1 int, usage_core_nano_seconds 2 UInt64Value
MemoryUsage: timestamp 1 int, working_set_bytes 2 UInt64Value, usage_bytes 4 UInt64Value

ImageStatusRequest: image 1 ImageSpec
ImageStatusResponse: image 1 Image
Image: id 1 str
"""


def read_table():
    messages = {}
    for line in filter(None, TABLE.splitlines()):
        name, _, fields = line.partition(":")
        messages[name] = [(f[0], int(f[1]), f[2].lstrip("*"), f[2][0] == "*") for f in (field.split() for field in fields.split(",")) if f]
    return messages


MESSAGES = read_table()


def varint(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes(out + bytes([n]))


def chunk(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def encode(message, values):
    out, unknown = b"", set(values)
    for name, number, kind, repeated in MESSAGES[message]:
        unknown.discard(name)
        if name not in values:
            continue
        value = values[name]
        if kind == "map":
            out += b"".join(chunk(number, chunk(1, k.encode()) + chunk(2, v.encode())) for k, v in value.items())
            continue
        for one in value if repeated else [value]:
            if kind in ("int", "bool"):
                out += varint(number << 3) + varint(int(one))
            elif kind in ("str", "bytes"):
                out += chunk(number, one if isinstance(one, bytes) else one.encode())
            else:
                out += chunk(number, encode(kind, one))
    if unknown:
        raise KeyError(f"{message} has no {', '.join(unknown)} here")
    return out


def fields(data):
    at = 0

    def number():
        nonlocal at
        n = shift = 0
        while True:
            byte = data[at]
            at += 1
            n |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return n

    while at < len(data):
        key = number()
        if key & 7 == 0:
            yield key >> 3, number()
        else:
            size = {1: 8, 5: 4}.get(key & 7) or number()
            yield key >> 3, data[at : at + size]
            at += size


def decode(message, data):
    zero = {"str": "", "bytes": b"", "bool": False, "int": 0}
    out = {name: [] if repeated else zero.get(kind, {}) for name, _, kind, repeated in MESSAGES[message]}
    rows = {number: (name, kind, repeated) for name, number, kind, repeated in MESSAGES[message]}
    for number, value in fields(data):
        if number not in rows:
            continue
        name, kind, repeated = rows[number]
        if kind == "map":
            pair = dict(fields(value))
            out[name] = {**out[name], pair.get(1, b"").decode(): pair.get(2, b"").decode()}
            continue
        if kind == "int":
            value -= (1 << 64) if value >> 63 else 0
        elif kind == "bool":
            value = bool(value)
        elif kind == "str":
            value = value.decode()
        elif kind != "bytes":
            value = decode(kind, value)
        out[name] = out[name] + [value] if repeated else value
    return out


PATIENCE = int(os.environ.get("WAIT_FACTOR") or 1)  # of a slow machine


class Refused(Exception):
    """The service's own words."""


class Client:
    def __init__(self, path):
        self.channel = grpc.insecure_channel(f"unix://{path}")

    def call(self, method, /, deadline=60, **request):
        service = "ImageService" if "Image" in method else "RuntimeService"
        stub = self.channel.unary_unary(
            f"/runtime.v1.{service}/{method}",
            request_serializer=lambda values: encode(method + "Request", values),
            response_deserializer=lambda data: decode(method + "Response", data),
        )
        try:
            return stub(request, timeout=deadline * PATIENCE)
        except grpc.RpcError as e:
            raise Refused(f"{e.code().name}: {e.details()}") from None

    def close(self):
        self.channel.close()


class Stream:
    """The streams behind the address that Exec and Attach give: channel 0 in, 1 out, 2 err, 3 how it ended, 4 the size of the terminal."""

    def __init__(self, url, deadline=20):
        url = urllib.parse.urlparse(url)
        self.socket = socket.create_connection((url.hostname, url.port), timeout=deadline * PATIENCE)
        self.socket.sendall(
            (
                f"GET {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: http://{url.netloc}\r\n"
                f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: v4.channel.k8s.io\r\n"
                f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n\r\n"
            ).encode()
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = self.socket.recv(1)
            if not byte:
                break
            head += byte
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise Refused(head.decode())

    def send(self, channel, data):
        payload, mask = bytes([channel]) + data, os.urandom(4)
        assert len(payload) < 126
        self.socket.sendall(bytes([0x82, 0x80 | len(payload)]) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))

    def exactly(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def receive(self, until=None):
        """What each channel had, to the end or until channel 1 has that text."""
        got = {}
        try:
            while until is None or until not in got.get(1, b""):
                op, size = self.exactly(2)
                size &= 0x7F
                if size > 125:
                    size = struct.unpack(">H" if size == 126 else ">Q", self.exactly(2 if size == 126 else 8))[0]
                data = self.exactly(size)
                if op & 0xF == 8:
                    break
                if op & 0xF in (1, 2) and data:
                    got[data[0]] = got.get(data[0], b"") + data[1:]
        except EOFError:
            pass
        return got

    def close(self):
        self.socket.close()
