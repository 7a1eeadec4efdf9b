import assert from "node:assert/strict";
import {
  createComposeMissingError,
  createMissingError,
  createTimeoutError,
  createUnreachableError,
  type EngineFailure,
  findFailure,
} from "../../../src/engine/failure.ts";

const GET = 'Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.24/containers/json"';

/** Copied from the terminal of the 20.10.24 and 28.2.2 clients, and from 29's source where it differs. */
const SAID: readonly (readonly [EngineFailure | undefined, string, string])[] = [
  [
    "not-listening",
    "20.10 and 28, no socket",
    "Cannot connect to the Docker daemon at unix:///tmp/nope.sock. Is the docker daemon running?",
  ],
  [
    "not-listening",
    "20.10 run",
    "docker: Cannot connect to the Docker daemon at unix:///tmp/nope.sock. Is the docker daemon running?.\nSee 'docker run --help'.",
  ],
  [
    "not-listening",
    "28 run",
    "docker: Cannot connect to the Docker daemon at unix:///tmp/nope.sock. Is the docker daemon running?\n\nRun 'docker run --help' for more information",
  ],
  [
    "not-listening",
    "buildx",
    "ERROR: Cannot connect to the Docker daemon at unix:///tmp/nope.sock. Is the docker daemon running?",
  ],
  [
    "not-listening",
    "refused",
    "Cannot connect to the Docker daemon at tcp://127.0.0.1:1. Is the docker daemon running?",
  ],
  [
    "not-listening",
    "newer clients",
    "failed to connect to the docker API at unix:///tmp/nope.sock; check if the path is correct and if the daemon is running: dial unix /tmp/nope.sock: connect: no such file or directory",
  ],
  [
    "not-listening",
    "Docker Desktop on Windows",
    'error during connect: Get "http://%2F%2F.%2Fpipe%2Fdocker_engine/v1.24/containers/json": open //./pipe/docker_engine: The system cannot find the file specified.',
  ],
  [
    "permission",
    "20.10 and 28",
    `permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: ${GET}: dial unix /var/run/docker.sock: connect: permission denied`,
  ],
  [
    "permission",
    "20.10 and older",
    `Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: ${GET}: dial unix /var/run/docker.sock: connect: permission denied`,
  ],
  [
    "permission",
    "newer clients",
    "permission denied while trying to connect to the docker API at unix:///var/run/docker.sock",
  ],
  [
    "no-context",
    "20.10",
    'unable to resolve docker endpoint: context "nope" does not exist',
  ],
  [
    "no-context",
    "28",
    'Failed to initialize: unable to resolve docker endpoint: context "nope": context not found: open /root/.docker/contexts/meta/ca37/meta.json: no such file or directory',
  ],
  [
    "no-context",
    "current context",
    'Current context "nope" is not found on the file system, please check your config file at /root/.docker/config.json',
  ],
  [
    "bad-endpoint",
    "20.10",
    "unable to resolve docker endpoint: Invalid bind address format: bogus://x",
  ],
  [
    "bad-endpoint",
    "28",
    "Failed to initialize: unable to resolve docker endpoint: invalid bind address format: bogus://x",
  ],
  [
    "tls",
    "no certificate",
    "unable to resolve docker endpoint: open /root/.docker/ca.pem: no such file or directory",
  ],
  [
    "tls",
    "plain server",
    'error during connect: Get "https://127.0.0.1:18999/v1.50/containers/json": tls: first record does not look like a TLS handshake',
  ],
  [
    "tls",
    "28, wrong certificate",
    'error during connect: Get "https://127.0.0.1:18998/v1.50/containers/json": tls: failed to verify certificate: x509: cannot validate certificate for 127.0.0.1 because it doesn\'t contain any IP SANs',
  ],
  [
    "tls",
    "20.10, wrong certificate",
    'error during connect: Get "https://127.0.0.1:18998/v1.24/containers/json": x509: cannot validate certificate for 127.0.0.1 because it doesn\'t contain any IP SANs',
  ],
  [
    "tls",
    "plain client",
    'error during connect: Get "http://127.0.0.1:18998/v1.50/containers/json": EOF',
  ],
  [
    "tls",
    "plain client, daemon",
    "Error response from daemon: Client sent an HTTP request to an HTTPS server.",
  ],
  [
    "ssh",
    "20.10",
    'error during connect: Get "http://docker.example.com/v1.24/containers/json": command [ssh -l nope -p 1 -- 127.0.0.1 docker system dial-stdio] has exited with exit status 255, please make sure the URL is valid, and Docker 18.09 or later is installed on the remote host: stderr=ssh: connect to host 127.0.0.1 port 1: Connection refused',
  ],
  [
    "ssh",
    "28",
    'error during connect: Get "http://docker.example.com/v1.50/containers/json": command [ssh -o ConnectTimeout=30 -T -l nope -p 1 -- 127.0.0.1 docker system dial-stdio] has exited with exit status 255, make sure the URL is valid, and Docker 18.09 or later is installed on the remote host: stderr=ssh: connect to host 127.0.0.1 port 1: Connection refused',
  ],
  [
    "no-such-host",
    "20.10 and 28",
    'error during connect: Get "http://nohost.invalid:1/v1.24/containers/json": dial tcp: lookup nohost.invalid on 10.0.0.1:53: no such host',
  ],
  [undefined, "an answer: no", "Error: No such object: nope"],
  [undefined, "an answer: no image", "Error response from daemon: No such image: x:latest"],
  [
    undefined,
    "a container's own words",
    "sh: 1: cannot create /etc/x: Permission denied",
  ],
  [undefined, "silence", ""],
];

for (const [want, who, stderr] of SAID) {
  Deno.test(`findFailure() answers ${want ?? "nothing"} to: ${who}: ${stderr.slice(0, 60)}`, () => {
    assert.equal(findFailure(stderr), want);
  });
}

const PLACE = { title: "the default engine", platform: "linux" } as const;

for (
  const [failure, hint] of [
    ["not-listening", "Start the engine: sandcage setup engine"],
    [
      "permission",
      'Join the group of the socket: sudo usermod -aG docker "$USER", then sign in again',
    ],
    ["no-context", "See the contexts there are: docker context ls"],
    [
      "bad-endpoint",
      "Check DOCKER_HOST and --context; an endpoint looks like unix:///var/run/docker.sock",
    ],
    ["tls", "Check DOCKER_CERT_PATH and DOCKER_TLS_VERIFY against what the engine speaks"],
    ["ssh", "Check that `ssh HOST docker version` works without a password prompt"],
    ["no-such-host", "Check the host name in DOCKER_HOST or in the docker context"],
  ] as const
) {
  Deno.test(`createUnreachableError() says what to do about ${failure}`, () => {
    const { message, exit, code, hint: got } = createUnreachableError(failure, {
      ...PLACE,
      stderr: "\ndocker: It is broken\nmore",
    });
    assert.deepEqual({ message, exit, code, hint: got }, {
      message: "Cannot reach the default engine: It is broken",
      exit: 4,
      code: "engine-unreachable",
      hint,
    });
  });
}

Deno.test("every error of a missing engine exits 4 with its own code", () => {
  const errors = [
    createMissingError("linux"),
    createMissingError("darwin"),
    createTimeoutError("docker ps", { title: "tcp://x", timeoutMs: 1500 }),
    createComposeMissingError("linux", undefined),
    createComposeMissingError("darwin", "1.29.2"),
  ];
  assert.deepEqual(errors.map(({ message, exit, code }) => [message, exit, code]), [
    ["Cannot find the docker command on PATH", 4, "engine-missing"],
    ["Cannot find the docker command on PATH", 4, "engine-missing"],
    ['No answer from tcp://x to "docker ps" within 1.5 s', 4, "engine-timeout"],
    [
      "Cannot find Docker Compose v2: the docker client has no compose plugin",
      4,
      "compose-missing",
    ],
    ["Cannot use docker-compose 1.29.2: sandcage needs Docker Compose v2", 4, "compose-missing"],
  ]);
});
