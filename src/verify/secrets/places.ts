import { join } from "node:path";
import { sessionsDir } from "../../cage/sessions.ts";
import type { Engine } from "../../engine/engine.ts";
import { run } from "../../engine/process.ts";
import type { Host } from "../../host.ts";
import type { ProbedSession } from "../internet/guarded.ts";
import search from "./search.py" with { type: "text" };

/** Something that can be read, and where it is, for people. */
export type Place = { where: string; text: string };

/** What a search inside a container came to. */
export type Searched = {
  /** Places of each text, by its name. */
  found: Record<string, string[]>;
  /** Variables and arguments of the processes that this user may look at. */
  processes: string;
};

/** Clocks of a machine and of its containers' kernel may differ, in seconds. */
const CLOCK_S = 120;

/** Searches variables, arguments and changed files inside, as the agent or as root there. */
export async function searchInside(
  session: ProbedSession,
  asked: { texts: Readonly<Record<string, string>>; sinceMs: number; user: "agent" | "root" },
): Promise<Searched> {
  const { texts, sinceMs, user } = asked;
  const sinceS = sinceMs / 1000 - CLOCK_S;
  return JSON.parse(
    await session.run(["python3", "-c", search], {
      user,
      stdin: JSON.stringify({ texts, sinceS }),
    }),
  );
}

/** Prints what the processes of a gateway were started with, and every file that it could have written. */
const LOOK_AT_GATEWAY = `
const fs = require("node:fs");
const read = (path) => { try { return fs.readFileSync(path, "utf8"); } catch { return ""; } };
const list = (path) => { try { return fs.readdirSync(path, { recursive: true, withFileTypes: true }); } catch { return []; } };
for (const pid of fs.readdirSync("/proc").filter((name) => /^\\d+$/.test(name))) {
  console.log(read("/proc/" + pid + "/environ"), read("/proc/" + pid + "/cmdline"));
}
for (const top of ["/tmp", "/run", "/var", "/dev/shm", "/etc", "/root", "/home"]) {
  for (const entry of list(top)) if (entry.isFile()) console.log(read(entry.parentPath + "/" + entry.name));
}
`;

/** What the engine tells of a session, and what its gateway holds. */
export async function observeSession(
  session: ProbedSession,
  { engine }: { engine: Pick<Engine, "docker"> },
): Promise<Place[]> {
  const { container: agent, gateway } = session;
  const ask = async (args: readonly string[]) => {
    const { code, stdout, stderr } = await engine.docker(args);
    if (code !== 0) throw new Error(`docker ${args[0]}: ${stderr.trim()}`);
    return `${stdout}\n${stderr}`;
  };
  const inspected = await ask(["inspect", agent, gateway]);
  const containers = JSON.parse(inspected) as {
    Image: string;
    Config: { Entrypoint: string[] | null; Cmd: string[] | null };
    NetworkSettings: { Networks: Record<string, unknown> };
  }[];
  const [node = "node"] = [
    ...containers[1]!.Config.Entrypoint ?? [],
    ...containers[1]!.Config.Cmd ?? [],
  ];
  const networks = new Set(
    containers.flatMap(({ NetworkSettings }) => Object.keys(NetworkSettings.Networks)),
  );
  const [network, history, logs, inside] = await Promise.all([
    ask(["network", "inspect", ...networks]),
    Promise.all(containers.map(({ Image }) => ask(["history", "--no-trunc", Image]))),
    Promise.all([agent, gateway].map((container) => engine.docker(["logs", container]))),
    ask(["exec", gateway, node, "-e", LOOK_AT_GATEWAY]),
  ]);
  return [
    { where: "docker inspect", text: inspected },
    { where: "docker network inspect", text: network },
    { where: "docker history", text: history.join("\n") },
    // An engine that keeps none says so.
    { where: "docker logs", text: logs.map(({ stdout, stderr }) => stdout + stderr).join("\n") },
    { where: "the gateway's variables, arguments and files", text: inside },
  ];
}

/** Where the list of processes was found. */
export const PROCESSES = "arguments of a process of this machine";

/** How long this machine may take to list its processes, in milliseconds. */
const LIST_MS = 10_000;

/** What this machine holds of a session: files, and the arguments of every process. */
export async function observeMachine(
  session: ProbedSession,
  cage: { id: string; dir: string; host: Pick<Host, "stateDir"> },
): Promise<Place[]> {
  const id = session.container.split("-").at(-1)!;
  const files = await Promise.all(
    [cage.dir, sessionsDir(cage.host.stateDir, cage.id)].map(listFiles),
  );
  const listed = await run("ps", ["-A", "-ww", "-o", "args="], { timeoutMs: LIST_MS });
  const wanted = files[0]!.concat(files[1]!.filter((path) => path.includes(id)));
  return [
    ...await Promise.all(wanted.map(async (path) => ({ where: path, text: await readText(path) }))),
    { where: PROCESSES, text: listed.stdout },
  ];
}

async function listFiles(dir: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(dir)).catch(() => []);
  return entries.filter(({ isFile }) => isFile).map(({ name }) => join(dir, name));
}

/** Files of a session come and go. */
async function readText(path: string): Promise<string> {
  return await Deno.readTextFile(path).catch(() => "");
}
