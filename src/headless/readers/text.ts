import type { StreamReader } from "./reader.ts";

/** Reads the output of a program that has no format: each line is what it says. */
export function createTextReader(): StreamReader {
  return {
    read: (line) => [{ kind: "text", text: line }],
    end: () => [],
  };
}
