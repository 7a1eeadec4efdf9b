import { isFile } from "../files.ts";
import { delimiter, join } from "node:path";
import type { Host } from "../host.ts";

/** Finds a program on the user's `PATH`; its absolute path, or `undefined`. */
export function findProgram(
  name: string,
  host: Pick<Host, "env" | "platform">,
): string | undefined {
  const file = host.platform === "windows" ? `${name}.exe` : name;
  for (const dir of (host.env.PATH ?? "").split(delimiter)) {
    if (dir === "") continue;
    const path = join(dir, file);
    if (isFile(path)) return path;
  }
  return undefined;
}
