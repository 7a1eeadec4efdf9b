import { EXIT, UserError } from "../errors.ts";

/** What the engine knows of a session's container after its client has ended. */
export type ContainerEnd =
  /** There is no container: the client could not even create one. */
  | { kind: "absent" }
  /** Created, never started: `error` is the engine's own reason. */
  | { kind: "created"; error: string }
  /** Still there: the client went away before the agent did. */
  | { kind: "running" }
  | { kind: "exited"; code: number; oomKilled: boolean };

/** How a session ended, for the caller and for the person. */
export type Outcome = { code: number; note?: string };

/** The `State` object of `docker inspect`, as far as it is read. */
export type InspectedState = {
  Status?: string;
  ExitCode?: number;
  OOMKilled?: boolean;
  Error?: string;
};

/** Reads what `docker inspect` says of a container's state. */
export function parseContainerEnd(state: InspectedState | undefined): ContainerEnd {
  if (state === undefined) return { kind: "absent" };
  if (state.Status === "created") return { kind: "created", error: state.Error ?? "" };
  if (state.Status === "exited" || state.Status === "dead" || state.Status === "removing") {
    return { kind: "exited", code: state.ExitCode ?? 0, oomKilled: state.OOMKilled === true };
  }
  return { kind: "running" };
}

/**
 * Decides what a session's end means. The agent's own code passes through; that the engine did not
 * start it is another matter and another error, though both may be "exit code 1" to the client.
 *
 * @throws {UserError} If the agent never ran.
 */
export function decideOutcome(
  end: ContainerEnd,
  session: { clientCode: number; service: string; memory: string; ports: readonly string[] },
): Outcome {
  switch (end.kind) {
    case "absent":
      throw new UserError(`The engine did not start ${session.service}`, {
        hint: "The lines above say why; sandcage doctor looks for the usual causes",
        exit: EXIT.engine,
        code: "engine-failed",
      });
    case "created":
      throw startError(end.error, session);
    case "running":
      return { code: session.clientCode };
    case "exited":
      return end.oomKilled
        ? {
          code: end.code,
          note: `${session.service} ran out of memory (limits.memory: ${session.memory})`,
        }
        : { code: end.code };
  }
}

function startError(
  error: string,
  session: { service: string; ports: readonly string[] },
): UserError {
  // The engine gives one free text for every cause; a published port is the one a user can change.
  const port = session.ports.length > 0 && /port is already allocated|address already in use/i
    .test(error);
  return new UserError(`The engine could not start ${session.service}: ${error.trim()}`, {
    hint: port
      ? `Free the port, or publish another one in "ports", for example "8080:3000"`
      : "Run sandcage doctor; the generated definition is printed by sandcage config show --compose",
    exit: port ? EXIT.conflict : EXIT.engine,
    code: port ? "port-in-use" : "engine-failed",
  });
}
