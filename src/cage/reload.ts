import { join } from "node:path";
import { findText, removeIfPresent, writeFileAtomic } from "../files.ts";
import { pause } from "../pause.ts";
import type { ApplyResult } from "./gateway.ts";
import { listSessions, type SessionRecord, sessionsDir } from "./sessions.ts";

/** What a running session made of the request to look at its configuration again. */
export type ReloadReport = {
  sessionId: string;
  cageId: string;
  service: string;
  outcome: ApplyResult["outcome"];
  problems: string[];
};

/** Pause between two looks for an answer, in milliseconds. */
const LOOK_MS = 20;

/** What a session answers, in `<id>.reloaded`. */
type Answer = { nonce: string; outcome: ApplyResult["outcome"]; problems: string[] };

/** Files that request and answer a reload of one session. */
export function reloadPaths(
  stateDir: string,
  session: Pick<SessionRecord, "id" | "cageId">,
): { request: string; answer: string } {
  const dir = sessionsDir(stateDir, session.cageId);
  return {
    request: join(dir, `${session.id}.reload`),
    answer: join(dir, `${session.id}.reloaded`),
  };
}

/**
 * Asks every running session with a gateway, of one cage or of all, or one alone, to take over the
 * configuration and the secrets as they are now, and waits for their answers.
 *
 * @param options `timeoutMs` for all of them together.
 */
export async function requestReload(
  stateDir: string,
  options: { cageId?: string; sessionId?: string; timeoutMs: number },
): Promise<ReloadReport[]> {
  const sessions = (await listSessions(stateDir, options.cageId))
    .filter(({ live, record }) => live && record.gateway !== undefined)
    .filter(({ record }) => record.id === (options.sessionId ?? record.id));
  const deadline = Date.now() + options.timeoutMs;
  return await Promise.all(sessions.map(async ({ record }) => {
    const paths = reloadPaths(stateDir, record);
    const nonce = crypto.randomUUID();
    await writeFileAtomic(paths.request, nonce);
    const answer = await waitForAnswer(paths.answer, { nonce, deadline });
    // A session that ended meanwhile has nothing to take over.
    if (answer === undefined) await removeIfPresent(paths.request);
    return {
      sessionId: record.id,
      cageId: record.cageId,
      service: record.service,
      outcome: answer?.outcome ?? "silent",
      problems: answer?.problems ?? [],
    };
  }));
}

async function waitForAnswer(
  path: string,
  options: { nonce: string; deadline: number },
): Promise<Answer | undefined> {
  while (Date.now() < options.deadline) {
    const text = await findText(path);
    if (text !== undefined) {
      const answer = JSON.parse(text) as Answer;
      if (answer.nonce === options.nonce) return answer;
    }
    await pause(LOOK_MS);
  }
  return undefined;
}

/** Answers a request, as the session that was asked. */
export async function answerReload(
  path: string,
  answer: { nonce: string; result: ApplyResult },
): Promise<void> {
  const { nonce, result } = answer;
  const problems = result.outcome === "rejected" ? result.problems : [];
  await writeFileAtomic(path, JSON.stringify({ nonce, outcome: result.outcome, problems }));
}
