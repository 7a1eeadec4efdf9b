/**
 * Runs in a container for as long as its stdin is open: each line is a list of probes, each answer a
 * line. A list is run by a thread of its own, and what its probes left open ends with the thread.
 */
import { Buffer } from "node:buffer";
import { stripTypeScriptTypes } from "node:module";
import process from "node:process";
import { Worker } from "node:worker_threads";
import type { Answer, Outcome, Question } from "./types.ts";

/** `main.ts`, handed to Node behind this program. */
const source = Buffer.from(stripTypeScriptTypes(process.argv[1]!)).toString("base64");
const program = new URL(`data:text/javascript;base64,${source}`);

let held = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (piece: string) => {
  const lines = (held + piece).split("\n");
  held = lines.pop()!;
  for (const line of lines) run(JSON.parse(line));
});
process.stdin.on("end", () => process.exit(0));

function run({ id, probes }: Question): void {
  const worker = new Worker(program, { workerData: probes });
  const answer = (what: Pick<Answer, "outcomes" | "error">) => {
    process.stdout.write(`${JSON.stringify({ id, ...what })}\n`);
    void worker.terminate();
  };
  // One that fails behind its outcomes is answered for again, and nobody waits for that any more.
  worker.once("message", (outcomes: Outcome[]) => answer({ outcomes }));
  worker.on("error", (error: unknown) => answer({ error: String(error) }));
}
