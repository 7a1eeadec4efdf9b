import { join } from "node:path";
import type { PreparedCage } from "../../cage/prepare.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Host } from "../../host.ts";
import { CONFIG_FILE, LABEL } from "../../names.ts";
import { observeProgram, planProgram } from "../../self.ts";
import { type Finding, makeInapplicable, type OpenSuite } from "../case.ts";
import { listSessionContainers, removeMade } from "../made.ts";
import { openScratch, type ScratchUse } from "../scratch.ts";
import { endSelves, formatEngineConfig, planPlace, type SelfPlace } from "../self.ts";
import agent from "./agent.cjs" with { type: "text" };
import { type Editor, openEditor } from "./editor.ts";
import {
  type Conversation,
  judgeBytes,
  judgeLent,
  judgeLinks,
  judgeOpenings,
  judgeSpellings,
  judgeWords,
  READY,
  type Transcript,
} from "./judge.ts";
import { makeSpeech } from "./speech.ts";
import { converse } from "./talk.ts";

const JUDGES: Readonly<Record<string, (conversation: Conversation) => Finding>> = {
  R01: judgeBytes,
  R02: judgeLent,
  R03: judgeOpenings,
  R11: judgeSpellings,
  R12: judgeLinks,
  R13: judgeWords,
};

/** Signals, and the exit code of an agent that does nothing about them. */
const SIGNALS = [["SIGINT", 130], ["SIGTERM", 143]] as const;

/**
 * Opens a project of its own in an editor of its own, whose agent asks for what it must not get:
 * sessions beside each other serve all cases. Nothing of the user's is near.
 */
export async function openAcpSuite(cage: PreparedCage, host: Host): Promise<OpenSuite> {
  if (!await cage.engine.isLocal()) {
    return makeInapplicable("this engine mounts nothing of this machine");
  }
  const use = planAcpScratch(cage.engine);
  const scratch = await openScratch(host.stateDir, use);
  await using stack = new AsyncDisposableStack();
  stack.use(scratch);
  const place = await makePlace(scratch.path, cage);
  stack.defer(() => removeMade(place, cage.engine));
  const conversation = await speak(cage, place);
  const owned = stack.move();
  return {
    check(id) {
      const judge = JUDGES[id];
      if (judge === undefined) throw new Error(`There is no case ${id}`);
      return Promise.resolve(judge(conversation));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What it makes on the host, and what its sessions made on the engine. */
export function planAcpScratch(engine: Engine): ScratchUse {
  return {
    name: "acp",
    async clear(root) {
      await endSelves(root);
      await removeMade(planPlace(join(root, "home")), engine);
    },
  };
}

async function makePlace(root: string, { config }: PreparedCage): Promise<SelfPlace> {
  const place = planPlace(join(root, "home"));
  const repository = join(place.cwd, ".git");
  for (const dir of ["objects", "refs", "hooks"].map((name) => join(repository, name))) {
    await Deno.mkdir(dir, { recursive: true });
  }
  await Deno.writeTextFile(join(repository, "HEAD"), "ref: refs/heads/main\n");
  await Deno.mkdir(join(root, "outside"));
  await Deno.mkdir(place.stateDir, { mode: 0o700 });
  await Deno.writeTextFile(
    join(place.stateDir, CONFIG_FILE.user),
    'home = "project"\n[network]\nmode = "none"\n[acp]\nfs = "workspace"\n' +
      '[workspace]\nhide = [".env"]\n' +
      `[services.shell]\nacp = ${JSON.stringify(["node", "-e", agent])}\n` +
      formatEngineConfig(config),
  );
  await Deno.writeTextFile(join(place.cwd, "in.txt"), "in\n");
  await Deno.writeTextFile(join(place.cwd, ".env"), "SECRET=1\n");
  await Deno.writeTextFile(join(root, "outside", "file"), "outside\n");
  return place;
}

async function speak(cage: PreparedCage, place: SelfPlace): Promise<Conversation> {
  // The first one makes what all of them share.
  const talk = await talkOnce(place);
  const sent = makeSpeech();
  const [relayed, direct, ...signals] = await Promise.all([
    mirror(openRelayed(place, ["mirror"]), sent),
    mirror(openDirect(cage, place), sent),
    ...SIGNALS.map(([name, want]) => interrupt(place, { name, want })),
  ]);
  const left = await listSessionContainers(place.cwd, cage.engine);
  return { ...talk, mirror: { sent, relayed, direct }, signals, left };
}

async function talkOnce(place: SelfPlace) {
  await using editor = openRelayed(place, []);
  const outside = join(place.home, "..", "outside");
  const ground = { project: place.cwd, home: place.home, outside };
  const talk = await converse(editor, ground);
  await editor.end();
  const { stderr } = await editor.ended;
  return { ...talk, said: stderr };
}

async function mirror(opened: Editor, sent: Uint8Array): Promise<Transcript> {
  await using editor = opened;
  const stdout = editor.rest();
  // In the middle of a character, and of the long line.
  const cuts = [sent.findIndex((byte) => byte >= 0x80) + 1, Math.floor(sent.length / 2)];
  let from = 0;
  for (const to of [...cuts, sent.length]) {
    await editor.send(sent.subarray(from, to));
    from = to;
  }
  await editor.end();
  return { stdout: await stdout, ...await editor.ended };
}

async function interrupt(
  place: SelfPlace,
  { name, want }: { name: "SIGINT" | "SIGTERM"; want: number },
): Promise<Conversation["signals"][number]> {
  await using editor = openRelayed(place, ["waits"]);
  const lines: string[] = [];
  for (let line = await editor.line(); line !== undefined; line = await editor.line()) {
    lines.push(line);
    if (line === READY) editor.signal(name);
  }
  return { name, want, lines, code: (await editor.ended).code };
}

/** The relay, as an editor starts it. */
function openRelayed(place: SelfPlace, args: readonly string[]): Editor {
  const program = planProgram(observeProgram());
  return openEditor({
    command: program.command,
    // By its path one is found that outlived whoever started it.
    args: [...program.args, "--path", place.cwd, "acp", "run", "shell", "--", ...args],
    env: { HOME: place.home, SANDCAGE_HOME: place.stateDir, NO_COLOR: "1", CI: "1" },
    cwd: place.cwd,
  });
}

/** The same agent with nothing in between but the engine's own client. It ends with its input. */
function openDirect({ engine, images, id }: PreparedCage, place: SelfPlace): Editor {
  return openEditor({
    command: "docker",
    args: [
      ...["run", "--rm", "--interactive", "--network", "none", "--cap-drop", "ALL"],
      ...["--label", `${LABEL.managed}=true`, "--label", `${LABEL.cage}=${id}`],
      ...["--label", `${LABEL.role}=verify`, "--user", "65534:65534"],
      ...["--entrypoint", "node", images.final.ref, "-e", agent, "mirror"],
    ],
    env: engine.composeCommand([]).env ?? {},
    cwd: place.cwd,
  });
}
