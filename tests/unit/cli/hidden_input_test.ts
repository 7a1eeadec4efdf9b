import assert from "node:assert/strict";
import { readHidden, takeTyped } from "../../../src/cli/hidden_input.ts";

const nothing = { text: "", state: "typing" } as const;

for (
  const [name, input, want] of [
    ["a line", "abc\r", { text: "abc", state: "done" }],
    ["a pasted line with more behind", "abc\ndef", { text: "abc", state: "done" }],
    ["corrections", "abx\x7fc😀\bd\r", { text: "abcd", state: "done" }],
    ["a line begun anew", "wrong\x15right\r", { text: "right", state: "done" }],
    ["Ctrl-C", "abc\x03def\r", { text: "abc", state: "cancelled" }],
    ["Ctrl-D", "abc\x04", { text: "abc", state: "done" }],
    ["other control characters", "a\x1b\x00b\t", { text: "ab", state: "typing" }],
    ["Backspace with nothing typed", "\x7fa\r", { text: "a", state: "done" }],
  ] as const
) {
  Deno.test(`takeTyped() takes ${name}`, () => assert.deepEqual(takeTyped(nothing, input), want));
}

/** A terminal that is typed into. */
function typing(pieces: readonly (Uint8Array | null)[]) {
  const left = [...pieces];
  const log: string[] = [];
  return {
    log,
    show: (text: string) => void log.push(text),
    setRaw: (raw: boolean) => void log.push(raw ? "raw" : "cooked"),
    read: () => Promise.resolve(left.shift() ?? null),
  };
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("readHidden() shows nothing of what is typed, and puts the terminal back", async () => {
  const euro = bytes("€");
  const ports = typing([bytes("se"), euro.subarray(0, 1), euro.subarray(1), bytes("cret\r")]);
  assert.equal(await readHidden("Value", ports), "se€cret");
  assert.deepEqual(ports.log, ["Value: ", "raw", "cooked", "\n"]);
});

Deno.test("readHidden() takes the end of input for the end of the line", async () => {
  assert.equal(await readHidden("Value", typing([bytes("abc"), null])), "abc");
});

Deno.test("readHidden() ends with 130 at Ctrl-C, and at an error puts the terminal back too", async () => {
  const ports = typing([bytes("abc\x03")]);
  await assert.rejects(readHidden("Value", ports), { exit: 130, code: "interrupted" });
  assert.deepEqual(ports.log.slice(1), ["raw", "cooked", "\n"]);
  const broken = { ...typing([]), read: () => Promise.reject(new Error("gone")) };
  await assert.rejects(readHidden("Value", broken), /gone/);
  assert.deepEqual(broken.log.slice(1), ["raw", "cooked", "\n"]);
});
