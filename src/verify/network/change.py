"""Tries to change where packets go, then sends some past the gateway.

Usage: change.py GATEWAY FOREIGN
  GATEWAY  whom everything is routed to
  FOREIGN  an address outside that is sent to

Prints what became of each attempt: a JSON object of `ok` or the name of the error.
"""
import errno
import fcntl
import json
import socket
import struct
import sys


def attempt(action):
    try:
        action()
        return "ok"
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))


def route():
    """`ip route replace default via GATEWAY`."""
    message = struct.pack("BBBBBBBBI", 2, 0, 0, 0, 254, 4, 0, 1, 0)
    message += struct.pack("HH4s", 8, 5, socket.inet_aton(sys.argv[1]))
    header = struct.pack("IHHII", 16 + len(message), 24, 0x1 | 0x4 | 0x400 | 0x100, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        netlink.send(header + message)
        code = struct.unpack("i", netlink.recv(4096)[16:20])[0]
    if code:
        raise OSError(-code, "route")


def address():
    request = struct.pack("16sH2s4s8x", b"eth0:1", socket.AF_INET, b"", socket.inet_aton("10.0.0.9"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8916, request)


def packet():
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()


def filters():
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as s:
        s.getsockopt(socket.SOL_IP, 64, 84)


def tcp():
    socket.create_connection((sys.argv[2], 443), timeout=0.8).close()


def udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"\0\xff", (sys.argv[2], 53))


changes = {action.__name__: attempt(action) for action in (route, address, packet, filters)}
sent = {action.__name__: attempt(action) for action in (udp, tcp)}
print(json.dumps({"changes": changes, "sent": sent}))
