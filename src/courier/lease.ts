import * as fs from "node:fs";
import process from "node:process";
import { randomBytes } from "node:crypto";

/** What a running program holds: the container stays while there is one. */
export type Lease = {
  /** Marks what the program has under way. */
  token: string;
  release(): void;
};

/** Notes this program as running. */
export function takeLease(dir: string): Lease {
  const token = randomBytes(8).toString("hex");
  const path = `${dir}/${process.pid}-${token}`;
  fs.mkdirSync(dir, { recursive: true });
  fs.writeFileSync(path, "");
  return { token, release: () => fs.rmSync(path, { force: true }) };
}

/**
 * The tokens of programs that run; notes of those that were killed are removed.
 *
 * @returns With when the last one came or went, in milliseconds since 1970.
 */
export function readLeases(dir: string): { tokens: Set<string>; changedMs: number } {
  fs.mkdirSync(dir, { recursive: true });
  const tokens = new Set<string>();
  for (const name of fs.readdirSync(dir)) {
    const [pid, token] = name.split("-");
    if (fs.existsSync(`/proc/${pid}`)) tokens.add(token!);
    else fs.rmSync(`${dir}/${name}`, { force: true });
  }
  return { tokens, changedMs: fs.statSync(dir).mtimeMs };
}
