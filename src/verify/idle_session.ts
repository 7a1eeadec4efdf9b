import type { PreparedCage } from "../cage/prepare.ts";
import { runSession, type SessionContext } from "../cage/session.ts";
import { EXIT, UserError } from "../errors.ts";
import { startHeldClient } from "../hold/client.ts";

/** A session of a cage that says something and then does nothing until it is disposed. */
export type IdleSession = AsyncDisposable & {
  container: string;
  /** As it is on record. */
  id: string;
  /** What its first program printed. */
  printed: string;
  /** Runs a program in it; its stdout. */
  run(command: readonly string[], options: { user: "agent" | "root"; stdin?: string }): Promise<
    string
  >;
};

/** Printed when the first program has ended. */
const READY = "\x1eready";

/** Upper bound of one program inside, in milliseconds. */
const PROGRAM_MS = 60_000;

/**
 * Opens a session as any other, as the agent: what it runs first, it runs in the agent's place, with
 * everything that a session puts around it.
 *
 * @throws {UserError} If the session does not start, or the program inside fails.
 */
export async function openIdleSession(
  cage: PreparedCage,
  options: { first: readonly string[]; context: SessionContext },
): Promise<IdleSession> {
  const { first, context } = options;
  const printed: string[] = [];
  const said: string[] = [];
  const ready = Promise.withResolvers<{ container: string; id: string }>();
  let stop = () => {};
  const ended = runSession(cage, {
    args: [],
    shell: false,
    command: [
      "sh",
      "-c",
      `"$@" || exit; printf '\\n%s\\n' '${READY}'; exec sleep infinity`,
      "sh",
      ...first,
    ],
    held: "verify",
    attach: {
      detached: false,
      open(command, { container, sessionId: id }) {
        const client = startHeldClient(command, {
          onSaid: (line) => said.push(line),
          onWord(line) {
            if (line === READY) ready.resolve({ container, id });
            else printed.push(line);
          },
        });
        stop = () => client.signal("SIGTERM");
        return client;
      },
    },
  }, { context });
  const early = ended.then((code) => {
    throw new UserError(`The session ended with ${code} before it could be looked at`, {
      hint: said.slice(-3).join("\n"),
      exit: code === EXIT.interrupted || code === EXIT.terminated ? code : EXIT.failed,
    });
  });
  early.catch(() => {});
  const { container, id } = await Promise.race([ready.promise, early]);
  return {
    container,
    id,
    printed: printed.join(""),
    async run(command, { user, stdin }) {
      const result = await cage.engine.docker([
        ...["exec", ...(stdin === undefined ? [] : ["--interactive"])],
        ...(user === "root" ? ["--user", "0:0"] : []),
        ...[container, ...command],
      ], { timeoutMs: PROGRAM_MS, ...(stdin === undefined ? {} : { stdin }) });
      if (result.code === 0) return result.stdout;
      throw new Error(`${command[0]} inside ended with ${result.code}: ${result.stderr.trim()}`);
    },
    async [Symbol.asyncDispose]() {
      stop();
      await ended;
    },
  };
}
