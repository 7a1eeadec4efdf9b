import type { Conversation, OfferedTool, Reply, ToolInput } from "./conversation.ts";

/**
 * The scripted model. A prompt is a list of steps, one per line:
 *
 * - `write FILE: CONTENT` writes a file through whichever tool the agent offers;
 * - `run: COMMAND` runs a shell command.
 *
 * The instructions of a `task_revision` in a tool's result are further steps, after all those before.
 * A line `think: TEXT` is what it thinks before its first answer.
 *
 * Each request plays the next step, counted by the tool results in its history; after the last
 * one, and whenever no fitting tool is offered, the model answers text and stops.
 */
export type Step =
  | { kind: "write"; file: string; content: string }
  | { kind: "run"; command: string };

/** What the model says when its work is done. */
export const CLOSING_TEXT = "Done: every step of the prompt was carried out.";

/** Says what comes next in a conversation. */
export function decideReply(conversation: Conversation): Reply {
  if (conversation.wantsJson) return { kind: "text", text: formatRouting() };
  const steps = [conversation.userText, ...findRevisions(conversation.resultTexts)]
    .flatMap(parseSteps);
  const step = steps[conversation.toolResults];
  const thought = conversation.toolResults === 0
    ? /^\s*think: (.+?)\s*$/m.exec(conversation.userText)?.[1]
    : undefined;
  const thinking = thought === undefined ? {} : { thinking: thought };
  if (step !== undefined) {
    const call = planCall(step, conversation);
    if (call !== undefined) {
      return { kind: "call", id: `call_${conversation.toolResults + 1}`, ...call, ...thinking };
    }
  }
  return {
    kind: "text",
    text: steps.length === 0 ? "Hello from the scripted model." : CLOSING_TEXT,
    ...thinking,
  };
}

/** Reads the steps out of a prompt; lines that are none are passed over. */
export function parseSteps(text: string): Step[] {
  const steps: Step[] = [];
  for (const line of text.split("\n")) {
    const write = /^\s*write (\S+): (.*?)\s*$/.exec(line);
    const run = /^\s*run: (.+?)\s*$/.exec(line);
    if (write !== null) steps.push({ kind: "write", file: write[1]!, content: `${write[2]}\n` });
    else if (run !== null) steps.push({ kind: "run", command: run[1]! });
  }
  return steps;
}

/** Instructions of the messages that `cage-wait` has printed, each once and in their order. */
export function findRevisions(results: readonly string[]): string[] {
  const revisions = new Map<string, string>();
  for (const line of results.flatMap((text) => text.split("\n"))) {
    const begin = line.indexOf('{"id":"msg-');
    if (begin < 0) continue;
    const end = line.lastIndexOf("}");
    try {
      const { id, type, payload } = JSON.parse(line.slice(begin, end + 1));
      if (type === "task_revision") revisions.set(id, payload.instructions);
    } catch {
      // An agent has cut or quoted it.
    }
  }
  return [...revisions.values()];
}

/** The working directory an agent tells its model, in the words of the known agents. */
export function findCwd(text: string): string | undefined {
  const match = /<cwd>([^<]+)<\/cwd>/.exec(text) ??
    /working directory(?: is)?:? [`"]?(\/[^\n`"]*)/i.exec(text);
  return match?.[1]?.trim();
}

function planCall(
  step: Step,
  conversation: Conversation,
): { tool: string; input: ToolInput } | undefined {
  if (step.kind === "run") return planShell(step.command, conversation.tools);
  const file = absoluteFile(step.file, conversation);
  const args = WRITERS.find((writer) => offers(conversation.tools, writer.tool));
  if (args !== undefined) {
    return { tool: args.tool, input: { kind: "json", value: args.input(file, step.content) } };
  }
  return planShell(`printf '%s' ${quote(step.content)} > ${quote(file)}`, conversation.tools);
}

/** File tools by name, with the argument names of the agents that offer them. */
const WRITERS: { tool: string; input(file: string, content: string): Record<string, unknown> }[] = [
  { tool: "Write", input: (file, content) => ({ file_path: file, content }) },
  { tool: "write_file", input: (file, content) => ({ file_path: file, content }) },
  { tool: "write", input: (file, content) => ({ filePath: file, content }) },
];

/** How long a command may take before Codex goes on without its end, in milliseconds. */
const YIELD_MS = 30_000;

/** Shell tools by name, in order of preference. */
const SHELLS: { tool: string; input(command: string): ToolInput }[] = [
  json("Bash", (command) => ({ command, description: "Scripted step" })),
  json("run_shell_command", (command) => ({ command, description: "Scripted step" })),
  json("bash", (command) => ({ command, description: "Scripted step" })),
  json("exec_command", (command) => ({ cmd: command, yield_time_ms: YIELD_MS })),
  json("shell_command", (command) => ({ command })),
  json("shell", (command) => ({ command: ["sh", "-c", command] })),
  json("local_shell", (command) => ({ command: ["sh", "-c", command] })),
];

function json(
  tool: string,
  input: (command: string) => Record<string, unknown>,
): { tool: string; input(command: string): ToolInput } {
  return { tool, input: (command) => ({ kind: "json", value: input(command) }) };
}

function planShell(
  command: string,
  tools: readonly OfferedTool[],
): { tool: string; input: ToolInput } | undefined {
  const shell = SHELLS.find((candidate) => offers(tools, candidate.tool));
  if (shell !== undefined) return { tool: shell.tool, input: shell.input(command) };
  // Codex's code mode offers one custom tool that takes a script and calls the others from it.
  if (tools.some((tool) => tool.custom && tool.name === "exec")) {
    const script = `text(await tools.exec_command({ cmd: ${
      JSON.stringify(command)
    }, yield_time_ms: ${YIELD_MS} }));`;
    return { tool: "exec", input: { kind: "text", value: script } };
  }
  return undefined;
}

function offers(tools: readonly OfferedTool[], name: string): boolean {
  return tools.some((tool) => tool.name === name && !tool.custom);
}

function absoluteFile(file: string, conversation: Conversation): string {
  if (file.startsWith("/")) return file;
  const cwd = findCwd(`${conversation.systemText}\n${conversation.userText}`);
  return cwd === undefined ? file : `${cwd.replace(/\/$/, "")}/${file}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** JSON for side calls that ask which model to use or who speaks next. */
function formatRouting(): string {
  return JSON.stringify({
    reasoning: "scripted",
    next_speaker: "user",
    model_choice: "flash",
    complexity_reasoning: "scripted",
    complexity_score: 1,
  });
}
