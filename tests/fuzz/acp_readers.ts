import { createGate, type GateOptions } from "../../src/acp/gate.ts";
import {
  AGENT_NAMES,
  AGENT_WANTED,
  CLIENT_NAMES,
  CLIENT_WANTED,
  type GuardFacts,
  judgeAgent,
  judgeClient,
} from "../../src/acp/guard.ts";
import { planMappedGate } from "../../src/acp/mapped_gate.ts";
import { createRootMap, type Direction } from "../../src/acp/mapping.ts";
import { parseRegistry } from "../../src/acp/registry/document.ts";
import { findId, formatRefusal } from "../../src/acp/verdict.ts";
import { parseLoggedEvent } from "../../src/headless/parse_event.ts";
import { renderEvent } from "../../src/headless/render.ts";
import { findLeak, type Side } from "./acp_oracle.ts";
import { makeJson } from "./json_change.ts";
import { join } from "./mutate.ts";
import type { Random } from "./random.ts";
import {
  AGENT_MATERIAL,
  EDITOR_MATERIAL,
  EVENT_MATERIAL,
  EVENT_STOCK,
  makeAgentLines,
  makeEditorLines,
  REGISTRY_MATERIAL,
  REGISTRY_STOCK,
} from "./seeds/acp.ts";
import { expect, type Target, type Verdict } from "./target.ts";

const FACTS: GuardFacts = {
  rules: { terminal: "block", fs: "workspace" },
  roots: {
    platform: "linux",
    mounted: [
      { source: "/work/api", target: "/work/api", readonly: false },
      { source: "/host/docs", target: "/docs", readonly: true },
    ],
    hidden: ["/work/api/.env"],
    protected: ["/work/api/.git/hooks"],
  },
  // A link out of the project, and one into it.
  realPath: (path) =>
    path.replace(/^\/work\/api\/out(?=\/|$)/, "/etc").replace(/^\/alias(?=\/|$)/, "/work/api")
      .replace(/^\/far(?=\/|$)/, "/etc"),
};

const EDITOR_GATE: GateOptions = {
  wanted: CLIENT_WANTED,
  judge: (line) => judgeClient(line, FACTS),
};
const AGENT_GATE: GateOptions = { wanted: AGENT_WANTED, judge: (line) => judgeAgent(line, FACTS) };
const MAP = createRootMap([{ outside: "/work/api", inside: "/work/project" }], FACTS.realPath);
const MAPPED_FACTS: GuardFacts = {
  ...FACTS,
  roots: {
    ...FACTS.roots,
    mounted: [{ source: "/work/api", target: "/work/project", readonly: false }],
  },
};

/** Beyond, a line is passed on piece by piece, and what is cut of it depends on the pieces. */
const HELD = 65_536;

/** Readers of ACP: the relay between an editor and an agent, and what else says JSON of one. */
export const ACP_READERS: readonly Target[] = [
  {
    name: "acp/editor-lines",
    material: EDITOR_MATERIAL,
    make: makeEditorLines,
    read: (bytes, random) => relay(bytes, random, { side: "editor", gate: EDITOR_GATE }),
  },
  {
    name: "acp/agent-lines",
    material: AGENT_MATERIAL,
    make: makeAgentLines,
    read: (bytes, random) => relay(bytes, random, { side: "agent", gate: AGENT_GATE }),
  },
  {
    name: "acp/mapped-editor",
    material: EDITOR_MATERIAL,
    make: makeEditorLines,
    read: (bytes, random) => relay(bytes, random, { side: "editor", gate: planMapped("inward") }),
  },
  {
    name: "acp/mapped-agent",
    material: AGENT_MATERIAL,
    make: makeAgentLines,
    read: (bytes, random) => relay(bytes, random, { side: "agent", gate: planMapped("outward") }),
  },
  {
    name: "acp/registry",
    material: REGISTRY_MATERIAL,
    make: makeJson(REGISTRY_STOCK, REGISTRY_MATERIAL),
    read(bytes) {
      const value = parseJson(bytes);
      if (value === undefined) return { refused: "no JSON" };
      try {
        const { agents, problems } = parseRegistry(value);
        expect(agents.every(({ id }) => /^[a-z][a-z0-9-]{0,40}$/.test(id)), "an id is one");
        expect(new Set(agents.map(({ id }) => id)).size === agents.length, "no id twice");
        expect(problems.every(({ problem }) => problem !== ""), "a problem is told");
        return problems.length === 0 ? "accepted" : { refused: problems[0]!.problem };
      } catch (error) {
        expect(error instanceof Error && error.constructor.name === "Malformed", String(error));
        return { refused: error.message };
      }
    },
  },
  {
    name: "acp/events",
    material: EVENT_MATERIAL,
    make: makeJson(EVENT_STOCK, EVENT_MATERIAL),
    read(bytes) {
      const event = parseLoggedEvent(new TextDecoder().decode(bytes));
      if (event === undefined) return { refused: "no event" };
      const shown = renderEvent(event, { color: false });
      expect(!/[^\P{Cc}\n\t]|[\u202a-\u202e]/u.test(shown), "nothing shown acts on a terminal");
      return "accepted";
    },
  },
];

function planMapped(direction: Direction): GateOptions {
  const isInward = direction === "inward";
  return planMappedGate(
    {
      wanted: isInward ? CLIENT_WANTED : AGENT_WANTED,
      judge: (line) => isInward ? judgeClient(line, MAPPED_FACTS) : judgeAgent(line, MAPPED_FACTS),
    },
    { direction, names: isInward ? CLIENT_NAMES : AGENT_NAMES, map: MAP },
  );
}

/** What passes a gate; how it was cut changes nothing of it, and nothing forbidden is in it. */
function relay(
  bytes: Uint8Array,
  random: Random,
  { side, gate }: { side: Side; gate: GateOptions },
): Verdict {
  const whole = pass(bytes, gate, () => bytes.length || 1);
  if (bytes.length <= HELD) {
    const cut = pass(bytes, gate, () => 1 + random.integer(random.pick([2, 40, 900])));
    expect(whole.out.join() === cut.out.join(), "cuts change nothing of what passes");
    expect(whole.answers.join() === cut.answers.join(), "cuts change no answer");
  }
  for (const answer of whole.answers) {
    expect(answer.indexOf("\n") === answer.length - 1, "an answer is one line");
    expect(JSON.parse(answer).error.message.startsWith("sandcage: "), "an answer says who refuses");
  }
  const isMapped = gate !== EDITOR_GATE && gate !== AGENT_GATE;
  const leak = findLeak(new TextDecoder().decode(whole.out), { side, isMapped });
  expect(leak === undefined, `what is forbidden does not pass: ${leak}`);
  return whole.refusals === 0 ? "accepted" : { refused: whole.why };
}

function pass(bytes: Uint8Array, options: GateOptions, step: () => number) {
  const answers: string[] = [];
  let [refusals, why] = [0, ""];
  const gate = createGate({
    ...options,
    onLine(line, verdict) {
      if (verdict.kind !== "refuse") return;
      refusals++;
      why ||= verdict.message.replace("sandcage: ", "");
      const id = findId(line);
      if (id !== undefined) answers.push(formatRefusal(id, verdict));
    },
  });
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const next = at + step();
    // The caller uses its bytes again.
    const piece = bytes.slice(at, next);
    for (const out of gate.push(piece)) pieces.push(out.slice());
    piece.fill(0);
    at = next;
  }
  for (const out of gate.end()) pieces.push(out.slice());
  return { out: join(...pieces), answers, refusals, why };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
