import assert from "node:assert/strict";
import { UserError } from "../../../src/errors.ts";
import { MAX_PROMPT_BYTES, type PromptSource, readPrompt } from "../../../src/headless/prompt.ts";

function streamOf(...pieces: Uint8Array[]): ReadableStream<Uint8Array> {
  return new Blob(pieces as Uint8Array<ArrayBuffer>[]).stream();
}

const read = (source: PromptSource, stdin = streamOf()) => readPrompt(source, { cwd: "/", stdin });
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("a prompt is taken as it is: from the command line, a file, stdin", async () => {
  const text = "  ä \u{1f600}\r\n$X `id`\n\n";
  assert.equal(await read({ kind: "text", text }), text);
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/plan.md`, text);
    assert.equal(
      await readPrompt({ kind: "file", path: "plan.md" }, { cwd: dir, stdin: streamOf() }),
      text,
    );
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
  const halves = [bytes(text).slice(0, 3), bytes(text).slice(3)];
  assert.equal(await read({ kind: "file", path: "-" }, streamOf(...halves)), text);
});

for (
  const [title, source, stdin, words] of [
    ["nothing", { kind: "text", text: " \n" }, streamOf(), /is empty/],
    ["an empty stdin", { kind: "file", path: "-" }, streamOf(), /is empty/],
    ["a file that is not there", { kind: "file", path: "/nowhere" }, streamOf(), /no such file/],
    ["a directory", { kind: "file", path: "/" }, streamOf(), /Cannot read the prompt from \//],
    ["no text", { kind: "file", path: "-" }, streamOf(new Uint8Array([255, 0])), /no UTF-8/],
    ["a device without an end", { kind: "file", path: "/dev/zero" }, streamOf(), /longer than 16/],
    [
      "too much",
      { kind: "text", text: "x".repeat(MAX_PROMPT_BYTES + 1) },
      streamOf(),
      /longer than/,
    ],
  ] as const
) {
  Deno.test(`a prompt that is ${title} is refused`, async () => {
    await assert.rejects(
      () => read(source, stdin),
      (error) => error instanceof UserError && error.exit === 2 && words.test(error.message),
    );
  });
}
