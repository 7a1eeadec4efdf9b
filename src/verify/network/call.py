"""Calls everybody at once: one datagram to each group and broadcast address, in every way there is.

Usage: call.py PORT...
  PORT  further ports to call, besides those that such groups have

Prints how many datagrams went out.
"""
import fcntl
import socket
import struct
import sys

# All hosts and all routers, mDNS, LLMNR, SSDP; then ports of DHCP and NetBIOS.
GROUPS = ["224.0.0.1", "224.0.0.2", "224.0.0.251", "224.0.0.252", "239.255.255.250"]
PORTS = [5353, 5355, 1900, 67, 137, 138]


def broadcast_of(name):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        answer = fcntl.ioctl(s, 0x8919, struct.pack("256s", name.encode()))
    return socket.inet_ntoa(answer[20:24])


def call(to, port, name):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        if name is not None:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, name.encode())
        s.sendto(b"everybody", (to, port))


sent = 0
names = [name for _, name in socket.if_nameindex() if name.startswith("eth")]
places = {"255.255.255.255", *GROUPS, *(broadcast_of(name) for name in names)}
for to in sorted(places):
    for port in [*PORTS, *map(int, sys.argv[1:])]:
        for name in [None, *names]:
            try:
                call(to, port, name)
                sent += 1
            except OSError:
                pass
print(sent)
