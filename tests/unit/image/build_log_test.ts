import assert from "node:assert/strict";
import { createBuildLog } from "../../../src/image/build_log.ts";

const LOG = `#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 2.1kB done
#1 DONE 0.1s
#5 [base 2/4] RUN --mount=type=cache,id=a,target=/b     /opt/cage/build/apt-install git jq
#5 0.512 Reading package lists...
#6 [node 2/3] RUN --mount=type=bind,source=agent-install,target=/tmp/agent-install sh /tmp/agent-install x
#5 [base 2/4] RUN --mount=type=cache,id=a,target=/b     /opt/cage/build/apt-install git jq
#5 1.904 E: Unable to locate package jq
#5 ERROR: executor failed running [/bin/sh -c x]: exit code: 100
------
 > [base 2/4] RUN x:
`;

Deno.test("a failed build names its step and the last lines that step printed", () => {
  const log = createBuildLog();
  log.push(LOG);
  assert.deepEqual(log.failure, {
    step: "[base 2/4] RUN apt-install git jq",
    lines: [
      "Reading package lists...",
      "E: Unable to locate package jq",
      "ERROR: executor failed running [/bin/sh -c x]: exit code: 100",
    ],
  });
});

Deno.test("the progress detail is the step at work, without our mounts", () => {
  const log = createBuildLog();
  const details = LOG.split("\n").map((line) => {
    log.push(`${line}\n`);
    return log.detail;
  });
  assert.deepEqual([...new Set(details)], [
    undefined,
    "base 2/4: apt-install git jq",
    "node 2/3: agent-install x",
  ]);
});

Deno.test("pieces that break anywhere read like whole lines", () => {
  const [whole, pieces] = [createBuildLog(), createBuildLog()];
  whole.push(LOG);
  for (const character of LOG) pieces.push(character);
  assert.deepEqual(pieces.failure, whole.failure);
  assert.equal(pieces.detail, whole.detail);
});

Deno.test("only the last lines of a talkative step are kept", () => {
  const log = createBuildLog();
  log.push("#2 [2/2] RUN make\n");
  for (let line = 0; line < 500; line++) log.push(`#2 1.${line} line ${line}\n`);
  log.push("#2 ERROR: exit code: 1\n");
  assert.equal(log.failure?.lines.length, 16);
  assert.equal(log.failure?.lines.at(0), "line 485");
});

Deno.test("a log without a failed step has none", () => {
  const log = createBuildLog();
  log.push("#1 [1/1] FROM x\n#1 DONE 0.0s\nERROR: failed to solve\n");
  assert.equal(log.failure, undefined);
});

const CLASSIC_LOG = `Sending build context to Docker daemon  2.048kB
[1/2] STEP 1/2: FROM debian:trixie-slim AS node
[1/2] STEP 2/2: RUN --mount=type=cache,id=a,target=/b     /opt/cage/build/apt-install git jq
Reading package lists...
E: Unable to locate package jq
error running container: from /usr/bin/crun: exit status 100
building at STEP "RUN x": while running runtime: exit status 1
`;

Deno.test("a failed build of Podman's names its step and the last lines, too", () => {
  const log = createBuildLog();
  log.push(CLASSIC_LOG);
  assert.deepEqual(log.failure, {
    step: "[stage 1/2, 2/2] RUN apt-install git jq",
    lines: [
      "Reading package lists...",
      "E: Unable to locate package jq",
      "error running container: from /usr/bin/crun: exit status 100",
    ],
  });
  assert.equal(log.detail, "stage 1/2, 2/2: apt-install git jq");
});
