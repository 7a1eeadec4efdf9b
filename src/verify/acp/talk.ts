import { join } from "node:path";
import type { Editor } from "./editor.ts";
import { type Ask, type Conversation, FORBIDDEN, type Spelling } from "./judge.ts";

/** Where an editor has opened its project, and what is beside it. */
export type Ground = { project: string; home: string; outside: string };

type Message = { id?: unknown; method?: string; result?: unknown; error?: { code: number } };

/** What one conversation tells. */
export type Talk = Pick<
  Conversation,
  "offered" | "asks" | "openings" | "tools" | "spellings" | "links"
>;

/** Upper bound of one answer, in milliseconds: an agent that was cut off says nothing more. */
const ANSWER_MS = 30_000;

/** Bytes of a line that is too long to be held. */
const LONG = 200_000;

/** Has an agent ask its editor for what it must not get, and says what came through. */
export async function converse(editor: Editor, ground: Ground): Promise<Talk> {
  const speaker = createSpeaker(editor);
  const capabilities = { fs: { readTextFile: true, writeTextFile: true }, terminal: true };
  const told = await speaker.request("initialize", {
    protocolVersion: 1,
    clientCapabilities: capabilities,
  });
  const { _meta } = (told.result ?? {}) as { _meta?: { offered?: Conversation["offered"] } };
  return {
    offered: _meta?.offered,
    asks: await askForMachine(speaker, ground),
    links: await askThroughLinks(speaker, ground),
    spellings: await spell(speaker),
    ...await openSessions(speaker, { editor, ground }),
  };
}

/** An editor at work, which notes what it is asked for. */
type Speaker = {
  /** Says something and hears all up to the answer. */
  request(method: string, params: unknown): Promise<Message & { before: string[] }>;
};

function createSpeaker(editor: Editor): Speaker {
  let next = 1;
  const say = (message: unknown) =>
    editor.send(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
  return {
    async request(method, params) {
      const id = next++;
      await say({ jsonrpc: "2.0", id, method, params });
      const before: string[] = [];
      for (;;) {
        const line = await within(editor.line());
        if (line === undefined) throw new Error(`The agent said nothing to ${method}`);
        const message = parse(line);
        if (message?.id === id && message.method === undefined) return { ...message, before };
        before.push(line);
        // What it wants is given; whether it should have come here is judged later.
        if (method === "_ask" && message?.method !== undefined) {
          await say({ jsonrpc: "2.0", id: message.id, result: { content: "given" } });
        }
      }
    },
  };
}

async function within<T>(answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("No answer came through the relay")), ANSWER_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

function parse(line: string): Message | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

async function ask(
  speaker: Speaker,
  wish: { what: string; method: string; params: unknown; isAllowed?: boolean },
): Promise<Ask> {
  const { what, method, params, isAllowed = false } = wish;
  const { before } = await speaker.request("_ask", { method, params });
  return { what, reached: before.length > 0, isAllowed };
}

async function askForMachine(speaker: Speaker, { project, home }: Ground): Promise<Ask[]> {
  const asks: Ask[] = [];
  for (const name of ["create", "output", "wait_for_exit", "release", "kill"]) {
    const params = { sessionId: "s", terminalId: "t", command: "id", args: [], cwd: project };
    asks.push(await ask(speaker, { what: `terminal/${name}`, method: `terminal/${name}`, params }));
  }
  const files = [
    ["read", "/etc/passwd", false],
    ["write", "/etc/passwd", false],
    ["write", join(home, ".bashrc"), false],
    ["read", join(home, ".ssh", "id_ed25519"), false],
    ["write", `${project}/../beside`, false],
    ["write", "relative", false],
    ["read", join(project, ".env"), false],
    ["write", join(project, ".git", "hooks", "pre-commit"), false],
    ["read", join(project, "in.txt"), true],
    ["write", join(project, "new", "file.txt"), true],
  ] as const;
  for (const [kind, path, isAllowed] of files) {
    asks.push(await askForFile(speaker, { kind, path, isAllowed }));
  }
  return asks;
}

function askForFile(
  speaker: Speaker,
  file: { kind: "read" | "write"; path: string; isAllowed: boolean },
): Promise<Ask> {
  const { kind, path, isAllowed } = file;
  const method = `fs/${kind}_text_file`;
  const params = { sessionId: "s", path, content: "x" };
  return ask(speaker, { what: `${method} of ${JSON.stringify(path)}`, method, params, isAllowed });
}

async function askThroughLinks(speaker: Speaker, { project, outside }: Ground): Promise<Ask[]> {
  await Deno.symlink(outside, join(project, "dir"));
  await Deno.symlink(join(outside, "not-yet"), join(project, "dangling"));
  await Deno.symlink(join(project, "dir"), join(project, "twice"));
  await Deno.symlink(join(project, ".env"), join(project, "alias"));
  await Deno.symlink("circle", join(project, "circle"));
  await Deno.symlink("in.txt", join(project, "fine"));
  const files = [
    ["read", "dir/file", false],
    ["write", "dir/new", false],
    ["write", "dangling", false],
    ["write", "twice/new", false],
    ["read", "alias", false],
    ["read", "dir/../outside/file", false],
    ["read", "fine", true],
  ] as const;
  const asks: Ask[] = [];
  for (const [kind, path, isAllowed] of files) {
    asks.push(await askForFile(speaker, { kind, path: `${project}/${path}`, isAllowed }));
  }
  return asks;
}

/** Messages that a reader may take for another than they look. */
function planSpellings(): [what: string, line: string, isHarmless?: boolean][] {
  const { method: name, path: file } = FORBIDDEN;
  const rest = `"jsonrpc":"2.0","id":9001,"params":{"path":"${file}","content":""}`;
  const method = `"method":"${name}"`;
  const padding = `"padding":"${"x".repeat(LONG)}"`;
  return [
    ["a method twice, the last", `{"method":"_fine",${rest},${method}}`],
    ["a method twice, the first", `{${method},${rest},"method":"_fine"}`],
    ["a path twice", `{${method},"id":9001,"params":{"path":"${file}","path":1}}`],
    ["params twice", `{${method},${rest},"params":{}}`],
    ["an escaped method", `{"method":"\\u0066s\\u002fwrite_text_file",${rest}}`],
    ["an escaped slash", `{"method":"fs\\/write_text_file",${rest}}`],
    ["an escaped name", `{"\\u006dethod":"${name}",${rest}}`],
    ["a name in capitals", `{"METHOD":"${name}",${rest}}`],
    ["blanks all over", ` \t { "method" \t: \t"${name}" , ${rest} } \t`],
    ["a long line, the method at its end", `{${padding},${rest},${method}}`],
    ["a long line, the path at its end", `{${method},${padding},${rest}}`],
    ["a long line, the method twice", `{"method":"_fine",${padding},${rest},${method}}`],
    ["a carriage return in between", `{"method":"_fine"}\r{${method},${rest}}`],
    ["a byte order mark", `\ufeff{${method},${rest}}`],
    ["a list of messages", `[{"jsonrpc":"2.0","method":"_fine"},{${method},${rest}}]`],
    ["two messages in a line", `{"jsonrpc":"2.0","method":"_fine"}{${method},${rest}}`],
    ["a method below another", `{"method":{"method":"_fine"},${rest},${method}}`],
    [
      "an escape in the method",
      `{"method":"${name}\\u001b]0;owned\\u0007\\u009b2J\\u202e",${rest}}`,
    ],
    [
      "an escape in the path",
      `{${method},"id":9001,"params":{"path":"${file}\\u001b[2J\\u009b\\u202eowned"}}`,
    ],
    ["a plain one", `{"method":"_fine",${rest}}`, true],
    ["a long one", `{"method":"_fine",${padding},${rest}}`, true],
    ["an escaped one", `{"\\u006dethod":"\\u005ffine",${rest}}`, true],
  ];
}

async function spell(speaker: Speaker): Promise<Spelling[]> {
  const spellings: Spelling[] = [];
  for (const [what, line, isHarmless = false] of planSpellings()) {
    const base64 = new TextEncoder().encode(`${line}\n`).toBase64();
    const { before } = await speaker.request("_raw", { base64 });
    spellings.push({ what, reached: before.filter((each) => each !== ""), isHarmless });
  }
  return spellings;
}

async function openSessions(
  speaker: Speaker,
  { editor, ground }: { editor: Editor; ground: Ground },
): Promise<Pick<Talk, "openings" | "tools">> {
  const { project, outside, home } = ground;
  const rows = [
    ["session/new", { cwd: "/etc" }, false],
    ["session/new", { cwd: home }, false],
    ["session/load", { cwd: outside, sessionId: "s" }, false],
    ["session/new", { cwd: join(project, "dir"), additionalDirectories: [outside] }, false],
    ["session/new", { cwd: "api" }, false],
    ["session/new", { cwd: `${project}/../..` }, false],
    ["session/new", { cwd: project }, true],
  ] as const;
  const mcpServers = [
    { name: "gone", command: "/opt/verify/missing-tool", args: [], env: [] },
    { name: "here", command: "node", args: [], env: [] },
  ];
  const openings: Ask[] = [];
  for (const [method, params, isAllowed] of rows) {
    const { result } = await speaker.request(method, { ...params, mcpServers });
    const what = `${method} in ${JSON.stringify(params.cwd)}`;
    openings.push({ what, reached: result !== undefined, isAllowed });
  }
  const missing = await editor.says("missing-tool");
  return { openings, tools: { missing, present: editor.said().includes('"node"') } };
}
