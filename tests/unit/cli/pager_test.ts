import assert from "node:assert/strict";
import { showPaged } from "../../../src/cli/pager.ts";
import type { CommandContext } from "../../../src/cli/context.ts";

/** A context whose stdout is a terminal or not, and what was printed. */
function makeContext(env: Record<string, string>, isTerminal: boolean) {
  const printed: string[] = [];
  const context = {
    host: { env, tty: { stdin: true, stdout: isTerminal, stderr: true } },
    io: { out: (text: string) => printed.push(text) },
  } as unknown as CommandContext;
  return { context, printed };
}

async function* give(count: number): AsyncGenerator<string> {
  for (let at = 0; at < count; at++) yield await Promise.resolve(`line ${at}\n`);
}

Deno.test("a long text goes to the pager of the user, a command line of theirs", async () => {
  const file = await Deno.makeTempFile();
  try {
    const { context, printed } = makeContext({ SANDCAGE_PAGER: `tr a-z A-Z > '${file}'` }, true);
    await showPaged(give(3), context);
    assert.equal(await Deno.readTextFile(file), "LINE 0\nLINE 1\nLINE 2\n");
    assert.deepEqual(printed, []);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("a pager that is left early ends the text without a word", async () => {
  const { context } = makeContext({ PAGER: "head -n 1 > /dev/null" }, true);
  await showPaged(give(100_000), context);
});

Deno.test("without a terminal, or with cat, a text is printed", async () => {
  for (const [env, isTerminal] of [[{}, false], [{ PAGER: "cat" }, true]] as const) {
    const { context, printed } = makeContext(env, isTerminal);
    await showPaged(give(2), context);
    assert.deepEqual(printed, ["line 0\n", "line 1\n"]);
  }
});
