import assert from "node:assert/strict";
import type { ExecStreams } from "../../../../src/engine/exec.ts";
import { openProber } from "../../../../src/verify/internet/prober.ts";
import type { Answer, Probe, Question } from "../../../../src/verify/internet/probe/types.ts";

const PROBE: Probe = { id: "true", kind: "run", command: ["true"] };

const answered = (id: number, data: string): Answer => ({
  id,
  outcomes: [{ id: "true", reached: "data", data }],
});

Deno.test("lists that overlap get the outcomes of their own, however the bytes are cut", async () => {
  const program = makeProgram();
  await using prober = openProber(program.streams);
  const [first, second] = [prober.run([PROBE]), prober.run([PROBE])];
  const [one, two] = await program.questions(2);
  const bytes = `${JSON.stringify(answered(two!.id, "zwölf\u2028"))}\n${
    JSON.stringify(answered(one!.id, "one"))
  }\n`;
  for (const byte of new TextEncoder().encode(bytes)) program.say(new Uint8Array([byte]));
  assert.equal((await first).get("true").data, "one");
  assert.equal((await second).get("true").data, "zwölf\u2028");
});

Deno.test("probes that did not run say why, and the next ones run", async () => {
  const program = makeProgram();
  await using prober = openProber(program.streams);
  const failed = prober.run([PROBE]);
  const [question] = await program.questions(1);
  program.tell({ id: question!.id, error: "no thread" });
  await assert.rejects(failed, { message: "The probes did not run: no thread" });
  const next = prober.run([PROBE]);
  const [, again] = await program.questions(2);
  program.tell(answered(again!.id, "there"));
  assert.equal((await next).all.length, 1);
});

Deno.test("a program that is gone ends what is asked, now and later, with its last words", async () => {
  const program = makeProgram("killed");
  await using prober = openProber(program.streams);
  const asked = prober.run([PROBE]);
  await program.questions(1);
  program.end();
  await assert.rejects(asked, { message: "The probes ended: killed" });
  await assert.rejects(prober.run([PROBE]), { message: "The probes ended: killed" });
});

Deno.test("a list that takes too long is given up alone", async () => {
  const program = makeProgram();
  await using prober = openProber(program.streams, { timeoutMs: 2_000 });
  const stuck = prober.run([PROBE]);
  const [question] = await program.questions(1);
  await assert.rejects(stuck, {
    message: "The probes did not run: they took longer than 2 seconds",
  });
  const next = prober.run([PROBE]);
  const [, again] = await program.questions(2);
  program.tell(answered(question!.id, "late"));
  program.tell(answered(again!.id, "there"));
  assert.equal((await next).get("true").data, "there");
});

Deno.test("an answer that is none ends it", async () => {
  const program = makeProgram();
  await using prober = openProber(program.streams);
  const asked = prober.run([PROBE]);
  await program.questions(1);
  program.say(new TextEncoder().encode("not JSON\n"));
  await assert.rejects(asked, SyntaxError);
});

/** The far end of a prober. */
function makeProgram(stderr = "") {
  const out = new TransformStream<Uint8Array>(undefined, undefined, { highWaterMark: Infinity });
  const [reader, writer] = [out.readable.getReader(), out.writable.getWriter()];
  const asked: Question[] = [];
  let onAsked = () => {};
  const say = (bytes: Uint8Array) => void writer.write(bytes);
  const end = () => void writer.close().catch(() => {});
  const streams: ExecStreams = {
    read: async () => (await reader.read()).value,
    write(bytes) {
      asked.push(JSON.parse(new TextDecoder().decode(bytes)));
      onAsked();
      return Promise.resolve();
    },
    closeWrite() {
      end();
      return Promise.resolve();
    },
    stderr: () => stderr,
    exit: () => Promise.resolve(0),
    close: () => Promise.resolve(),
  };
  return {
    streams,
    say,
    end,
    tell: (answer: Answer) => say(new TextEncoder().encode(`${JSON.stringify(answer)}\n`)),
    /** All questions, once there are so many. */
    async questions(count: number): Promise<readonly Question[]> {
      while (asked.length < count) await new Promise<void>((resolve) => onAsked = resolve);
      return asked;
    },
  };
}
