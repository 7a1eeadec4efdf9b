"""Makes this container the rest of the internet, and records every packet that reaches it.

Usage: wire.py SUBNET ADDRESS...
  SUBNET   of the network it is on, such as 203.0.113.0/27
  ADDRESS  further addresses of that network it answers for, the default gateway's among them

Every address outside the subnet becomes a local one, so whatever a neighbour sends anywhere ends
here. Prints a JSON line for each packet: the first of a TCP connection, and each of anything else.
A line on stdin is answered with the same line, after all packets that arrived before it.
"""
import ipaddress
import json
import os
import select
import socket
import struct
import sys


def add_local_route(prefix):
    """`ip route add local PREFIX dev lo table local`, by netlink: the image has no `ip`."""
    kind, create, ack = 24, 0x400, 0x4
    table, protocol, scope, local = 255, 4, 254, 2
    message = struct.pack("BBBBBBBBI", 2, prefix.prefixlen, 0, 0, table, protocol, scope, local, 0)
    message += struct.pack("HH4s", 8, 1, prefix.network_address.packed)
    message += struct.pack("HHi", 8, 4, socket.if_nametoindex("lo"))
    header = struct.pack("IHHII", 16 + len(message), kind, 0x1 | create | ack, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        netlink.send(header + message)
        error = struct.unpack("i", netlink.recv(4096)[16:20])[0]
    if error not in (0, -17):
        raise OSError(-error, f"cannot route {prefix}")


def everything_but(subnet):
    """Prefixes that cover all addresses outside a subnet."""
    return ipaddress.ip_network("0.0.0.0/0").address_exclude(subnet)


def read_ipv4(packet):
    length = (packet[0] & 15) * 4
    fields = {
        "from": socket.inet_ntop(socket.AF_INET, packet[12:16]),
        "to": socket.inet_ntop(socket.AF_INET, packet[16:20]),
    }
    # Group membership: what any interface says when it comes up.
    if packet[9] == 2:
        return None
    return read_payload(packet[9], packet[length:], fields)


def read_ipv6(packet):
    fields = {
        "from": socket.inet_ntop(socket.AF_INET6, packet[8:24]),
        "to": socket.inet_ntop(socket.AF_INET6, packet[24:40]),
    }
    protocol, payload = packet[6], packet[40:]
    if protocol == 0 and len(payload) > 1:
        protocol, payload = payload[0], payload[8 + payload[1] * 8:]
    # What any interface says when it comes up: listener reports and neighbour discovery.
    if protocol == 58 and payload and payload[0] in (130, 131, 132, 133, 134, 135, 136, 143):
        return None
    return read_payload(protocol, payload, fields)


def read_payload(protocol, payload, fields):
    if protocol == 6 and len(payload) >= 14:
        # A connection is its first packet: SYN without ACK.
        if payload[13] & 0x12 != 0x02:
            return None
        return {"protocol": "tcp", **fields, "port": int.from_bytes(payload[2:4], "big")}
    if protocol == 17 and len(payload) >= 8:
        port = int.from_bytes(payload[2:4], "big")
        return {"protocol": "udp", **fields, "port": port, "bytes": payload[8:200].hex()}
    name = {1: "icmp", 58: "icmp6"}.get(protocol, str(protocol))
    return {"protocol": name, **fields}


def read_frame(frame):
    kind = int.from_bytes(frame[12:14], "big")
    if kind == 0x0800:
        return read_ipv4(frame[14:])
    if kind == 0x86DD:
        return read_ipv6(frame[14:])
    return None


def drain(sniffer):
    while True:
        try:
            frame, (_, _, direction, _, _) = sniffer.recvfrom(65535)
        except BlockingIOError:
            return
        packet = None if direction == 4 else read_frame(frame)
        if packet is not None:
            print(json.dumps({"kind": "packet", **packet}), flush=True)


def main():
    subnet = ipaddress.ip_network(sys.argv[1])
    for prefix in everything_but(subnet):
        add_local_route(prefix)
    for address in sys.argv[2:]:
        add_local_route(ipaddress.ip_network(address))
    every = 0x0003
    sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(every))
    sniffer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    sniffer.bind(("eth0", 0))
    sniffer.setblocking(False)
    print(json.dumps({"kind": "routed"}), flush=True)
    held = b""
    while True:
        ready = select.select([sniffer, 0], [], [])[0]
        if 0 in ready:
            chunk = os.read(0, 65536)
            if chunk == b"":
                return
            held += chunk
        drain(sniffer)
        *lines, held = held.split(b"\n")
        for line in lines:
            print(line.decode(), flush=True)


main()
