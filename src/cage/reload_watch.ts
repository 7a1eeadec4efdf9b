import { join } from "node:path";
import { UserError } from "../errors.ts";
import { findText, removeIfPresent } from "../files.ts";
import { CONFIG_FILE } from "../names.ts";
import type { ApplyResult } from "./gateway.ts";
import { answerReload, reloadPaths } from "./reload.ts";
import type { SessionRecord } from "./sessions.ts";
import { pause } from "../pause.ts";

/** Pause between two looks, in milliseconds: a change is in force within a second. */
const LOOK_MS = 200;

/** What a running session looks at. */
export type WatchedSession = {
  stateDir: string;
  projectPath: string;
  session: Pick<SessionRecord, "id" | "cageId">;
};

/**
 * Watches for requests to reload and for changes of the files a policy is made from, and calls
 * `reload` for each, one at a time. What `reload` throws as a {@link UserError} is a refusal: the
 * policy in force stays, and `onRefused` is told.
 *
 * Polling, because file events are not delivered on every file system a project may be on.
 */
export async function watchReload(
  watched: WatchedSession,
  options: {
    signal: AbortSignal;
    reload(): Promise<ApplyResult>;
    onRefused(problems: readonly string[]): void;
  },
): Promise<void> {
  const { signal } = options;
  const paths = reloadPaths(watched.stateDir, watched.session);
  let answered: string | undefined;
  let seen = await observeStamp(watched);
  for (;;) {
    await pause(LOOK_MS, signal);
    if (signal.aborted) break;
    const nonce = await findText(paths.request);
    const stamp = await observeStamp(watched);
    const isAsked = nonce !== undefined && nonce !== answered;
    if (!isAsked && stamp === seen) continue;
    seen = stamp;
    const result = await tryReload(options.reload);
    if (result.outcome === "rejected") options.onRefused(result.problems);
    if (!isAsked) continue;
    answered = nonce;
    await answerReload(paths.answer, { nonce, result });
  }
  await removeIfPresent(paths.request);
  await removeIfPresent(paths.answer);
}

async function tryReload(reload: () => Promise<ApplyResult>): Promise<ApplyResult> {
  try {
    return await reload();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const hint = error.hint === undefined ? "" : ` (${error.hint})`;
    return { outcome: "rejected", problems: [`${error.message}${hint}`] };
  }
}

/** Sizes and times of the files a policy is made from: they differ when one has changed. */
async function observeStamp({ stateDir, projectPath }: WatchedSession): Promise<string> {
  const files = [
    join(stateDir, CONFIG_FILE.user),
    join(projectPath, CONFIG_FILE.project),
    join(projectPath, CONFIG_FILE.local),
    join(stateDir, "trust.json"),
    join(stateDir, "secrets", "store.json"),
  ];
  const stamps = await Promise.all(files.map(async (file) => {
    try {
      const info = await Deno.stat(file);
      return `${info.size}:${info.mtime?.getTime()}:${info.ino}`;
    } catch {
      return "absent";
    }
  }));
  return stamps.join(" ");
}
