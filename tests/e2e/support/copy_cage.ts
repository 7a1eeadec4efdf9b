import { defaultConfig } from "../../../src/config/defaults.ts";
import { connectEngine } from "../../../src/engine/connect.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { type Host, observeHost } from "../../../src/host.ts";
import { ensureAllImages } from "../../../src/image/build.ts";
import { planCourierImage } from "../../../src/image/courier.ts";
import { observeImageFacts } from "../../../src/image/observe.ts";
import type { Io } from "../../../src/io.ts";
import { copyVolumeNames, LABEL } from "../../../src/names.ts";
import {
  COURIER_PROGRAM,
  courierName,
  stopCourier,
} from "../../../src/transfer/courier_container.ts";
import type { CopyCage } from "../../../src/transfer/types.ts";
import { RUN_ID, RUN_ROOT } from "./world.ts";

/** A copy cage that is only its volumes: no agent works in it but the test. */
export type TestCage = CopyCage & AsyncDisposable & {
  /** Runs JavaScript as the agent would, in the courier's container, at `/work/project`. */
  inside(script: string): Promise<string>;
  /** The courier's container, `undefined` when it is not there. */
  courier(): Promise<Record<string, unknown> | undefined>;
};

/** What differs from an ordinary one. */
export type TestCageOptions = {
  /** `DOCKER_HOST`; without it the engine of this machine. */
  dockerHost?: string;
};

/** Makes the volumes of a cage; disposing it removes them and the courier. */
export async function makeCopyCage(
  name: string,
  options: TestCageOptions = {},
): Promise<TestCage> {
  const cage = await findCopyCage(name, options);
  for (const volume of Object.values(cage.volumes)) {
    await must(cage.engine, [
      ...["volume", "create", "--label", `${LABEL.managed}=true`],
      ...["--label", `${LABEL.cage}=${cage.id}`, volume],
    ]);
  }
  return cage;
}

/** The cage of this run with that name, made by {@link makeCopyCage} in whatever process. */
export async function findCopyCage(
  name: string,
  options: TestCageOptions = {},
): Promise<TestCage> {
  const id = `${RUN_ID}-${name}`;
  const host = observeTestHost(options);
  const engine = await connectEngine({ host });
  const volumes = copyVolumeNames(id);
  return {
    id,
    name,
    dir: `${host.stateDir}/cages/${id}`,
    volumes,
    user: { uid: 64_000, gid: 64_000 },
    roots: [{ name: "project", hostPath: `${RUN_ROOT}/${name}` }],
    engine,
    courierImage: () => ensureCourierImage(host, engine),
    async inside(script) {
      const call = ["exec", "--workdir", "/work/project", courierName(id), COURIER_PROGRAM[0]!];
      return await must(engine, [...call, "--eval", `const fs = require("fs");\n${script}`]);
    },
    async courier() {
      const found = await engine.docker(["container", "inspect", courierName(id)]);
      return found.code === 0 ? JSON.parse(found.stdout)[0] : undefined;
    },
    async [Symbol.asyncDispose]() {
      await stopCourier({ id, engine });
      await must(engine, ["volume", "rm", ...Object.values(volumes)]);
    },
  };
}

/**
 * Waits inside until a program that serves has something staged, and kills it a moment later, as the
 * machine would. Answers when it is on its watch; `fired` when it has killed, or nothing came.
 */
export async function armKiller(
  cage: TestCage,
  options: { afterMs: number },
): Promise<{ fired: Promise<void> }> {
  const child = new Deno.Command("docker", {
    args: ["exec", courierName(cage.id), COURIER_PROGRAM[0]!, "--eval", formatKiller(options)],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  // It says that it watches.
  await reader.read();
  const fired = (async () => {
    while (!(await reader.read()).done);
    await child.status;
  })();
  return { fired };
}

function formatKiller({ afterMs }: { afterMs: number }): string {
  return `
    const fs = require("fs");
    console.log("armed");
    const sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    const deadline = Date.now() + 5000;
    const isStaged = () => fs.readdirSync("/work").some((name) => name.startsWith(".sandcage-"));
    while (!isStaged() && Date.now() < deadline) sleep(1);
    sleep(${afterMs});
    for (const name of fs.readdirSync("/run/courier")) {
      try { process.kill(Number(name.split("-")[0]), "SIGKILL"); } catch {}
    }
  `;
}

function observeTestHost({ dockerHost }: TestCageOptions): Host {
  const host = observeHost();
  const env = dockerHost === undefined ? host.env : { ...host.env, DOCKER_HOST: dockerHost };
  return { ...host, env, stateDir: `${RUN_ROOT}/courier-state` };
}

async function ensureCourierImage(host: Host, engine: Engine): Promise<string> {
  const config = defaultConfig();
  const facts = await observeImageFacts(config, { host, engine, projectPath: RUN_ROOT });
  const plan = await planCourierImage({ config, facts });
  await ensureAllImages([plan], { engine, host, io: SILENT });
  return plan.final.ref;
}

async function must(engine: Engine, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await engine.docker(args, { timeoutMs: 60_000 });
  if (code !== 0) throw new Error(`docker ${args[0]} ended with ${code}: ${stderr}`);
  return stdout.trim();
}

const SILENT: Io = {
  out() {},
  talk() {},
  warn() {},
  progress: () => ({ update() {}, done() {}, [Symbol.dispose]() {} }),
  confirm: (_, { assumed }) => Promise.resolve(assumed),
  interactive: false,
  color: false,
};
