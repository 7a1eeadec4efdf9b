"""Every kind of package registry in one HTTPS server, with one package: `trusty` 1.0.0.

server.py CERTIFICATE KEY; says `ready` when it listens on 443. Addresses in its answers name the host
that was asked for.
"""
import base64
import hashlib
import io
import json
import os
import ssl
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GREETING = "trusty says hello"
ROOT = tempfile.mkdtemp()
CRATE_ENTRY = {"name": "trusty", "vers": "1.0.0", "deps": [], "features": {}, "yanked": False}


def make_tar(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, text in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


def make_zip(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return buffer.getvalue()


def make_files():
    npm = make_tar({
        "package/package.json": '{"name":"trusty","version":"1.0.0"}',
        "package/index.js": f"module.exports = {json.dumps(GREETING)};",
    })
    wheel = make_zip({
        "trusty.py": f"greeting = {GREETING!r}\n",
        "trusty-1.0.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: trusty\nVersion: 1.0.0\n",
        "trusty-1.0.0.dist-info/WHEEL":
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "trusty-1.0.0.dist-info/RECORD": "",
    })
    crate = make_tar({
        "trusty-1.0.0/Cargo.toml": '[package]\nname = "trusty"\nversion = "1.0.0"\n',
        "trusty-1.0.0/src/lib.rs": "",
        "trusty-1.0.0/greeting": GREETING,
    })
    module = make_zip({
        "example.test/trusty@v1.0.0/go.mod": "module example.test/trusty\n",
        "example.test/trusty@v1.0.0/trusty.go": "package trusty\n",
        "example.test/trusty@v1.0.0/greeting": GREETING,
    })
    integrity = base64.b64encode(hashlib.sha512(npm).digest()).decode()
    packument = {
        "name": "trusty",
        "dist-tags": {"latest": "1.0.0"},
        "versions": {"1.0.0": {"name": "trusty", "version": "1.0.0", "dist": {
            "tarball": "https://@HOST@/npm/trusty/-/trusty-1.0.0.tgz",
            "integrity": f"sha512-{integrity}"}}},
    }
    entry = {**CRATE_ENTRY, "cksum": hashlib.sha256(crate).hexdigest()}
    go = "/go/example.test/trusty/@v"
    texts = {
        "/hello": GREETING,
        "/mod.ts": f"export const greeting: string = {json.dumps(GREETING)};\n",
        "/npm/trusty": json.dumps(packument),
        "/simple/trusty/": '<a href="/trusty-1.0.0-py3-none-any.whl">trusty</a>',
        "/index/config.json": '{"dl":"https://@HOST@/crates"}',
        "/index/tr/us/trusty": json.dumps(entry) + "\n",
        f"{go}/list": "v1.0.0\n",
        f"{go}/v1.0.0.info": '{"Version":"v1.0.0","Time":"2025-01-01T00:00:00Z"}',
        f"{go}/v1.0.0.mod": "module example.test/trusty\n",
    }
    return {
        **{path: text.encode() for path, text in texts.items()},
        "/npm/trusty/-/trusty-1.0.0.tgz": npm,
        "/trusty-1.0.0-py3-none-any.whl": wheel,
        "/crates/trusty/1.0.0/download": crate,
        f"{go}/v1.0.0.zip": module,
    }


TYPES = {"/simple/trusty/": "text/html", "/mod.ts": "application/typescript",
         "/npm/trusty": "application/json"}
FILES = make_files()


def make_repository():
    script = """
    git init -q -b main work && cd work && printf %s "$1" >greeting && git add . &&
    git -c user.name=t -c user.email=t@example.test commit -qm "feat: greet" && cd .. &&
    git clone -q --bare work trusty.git"""
    subprocess.run(["sh", "-ec", script, "sh", GREETING], cwd=ROOT, check=True)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if path.startswith("/git/"):
            return self.serve_git(path[len("/git"):], query)
        data = FILES.get(path)
        if data is None:
            return self.answer(404, [], b"not found\n")
        if b"@HOST@" in data:
            data = data.replace(b"@HOST@", self.headers["Host"].encode())
        self.answer(200, [("Content-Type", TYPES.get(path, "application/octet-stream"))], data)

    do_POST = do_GET

    def read_body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def serve_git(self, path, query):
        done = subprocess.run(
            ["git", "http-backend"], input=self.read_body(), stdout=subprocess.PIPE, check=True,
            env={**os.environ, "GIT_PROJECT_ROOT": ROOT, "GIT_HTTP_EXPORT_ALL": "1",
                 "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": self.command,
                 "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                 "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                 "GIT_PROTOCOL": self.headers.get("Git-Protocol", "")})
        head, _, data = done.stdout.partition(b"\r\n\r\n")
        headers = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n")]
        self.answer(200, headers, data)

    def answer(self, status, headers, data):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def finish_request(self, request, address):
        # The handshake belongs to the connection's thread: a slow one must not stop the others.
        self.RequestHandlerClass(context.wrap_socket(request, server_side=True), address, self)

    def handle_error(self, *_):
        pass  # A client that refuses the certificate is a case of the test.


make_repository()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server = Server(("0.0.0.0", 443), Handler)
print("ready", flush=True)
server.serve_forever()
