"""Opens connections to the gateway that never finish their first words, then fetches URLs.

Usage: crowd.py COUNT URL...
  COUNT  connections to each of the gateway's ports

Prints how many were open at once, and what came of each URL then.
"""
import json
import os
import socket
import subprocess
import sys
from urllib.parse import urlsplit

FIRST_WORDS = {
    80: b"GET / HTTP/1.1\r\nHost: allowed",
    443: b"\x16\x03\x01\x02\x00",
    3128: b"CONNECT allowed.te",
}


def open_crowd(host, count):
    held = []
    for port, words in FIRST_WORDS.items():
        for _ in range(count):
            try:
                one = socket.create_connection((host, port), 5)
                one.sendall(words)
                held.append(one)
            except OSError:
                pass
    return held


def is_open(one):
    one.setblocking(False)
    try:
        return one.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def fetch(args):
    return subprocess.run(["curl", "-sS", "-m", "20", *args], capture_output=True, text=True).stdout


def main():
    held = open_crowd(urlsplit(os.environ["https_proxy"]).hostname, int(sys.argv[1]))
    count = sum(map(is_open, held))
    answers = [fetch([*way, url]) for url in sys.argv[2:] for way in ([], ["--noproxy", "*"])]
    print(json.dumps({"open": count, "answers": answers}))


main()
