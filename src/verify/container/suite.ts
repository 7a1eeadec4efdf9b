import type { PreparedCage } from "../../cage/prepare.ts";
import type { SessionContext } from "../../cage/session.ts";
import type { Engine } from "../../engine/engine.ts";
import { LABEL } from "../../names.ts";
import type { OpenSuite } from "../case.ts";
import { type IdleSession, openIdleSession } from "../idle_session.ts";
import { LOOKED_AT } from "./cases.ts";
import { planExpected } from "./expected.ts";
import { type ContainerFacts, parseFacts } from "./facts.ts";
import { checkRecord } from "./inspect.ts";
import { checkLoads } from "./loads.ts";
import look from "./look.py" with { type: "text" };

/** Upper bound of the control, in milliseconds. */
const CONTROL_MS = 60_000;

/** Capabilities that open every door that is tried; an engine in a container may not have them all. */
const CAPABILITIES = [
  ...["SYS_ADMIN", "SYS_MODULE", "SYS_BOOT", "SYS_CHROOT", "SYS_PTRACE", "SYS_RAWIO", "SYSLOG"],
  ...["NET_ADMIN", "NET_RAW", "MKNOD", "DAC_READ_SEARCH"],
];

/**
 * Opens a cage as its users do and looks around inside, as the agent and as root, and beside it in a
 * container of the same image that has every right: one look serves all cases.
 *
 * @param options.open What that container saw, where it is known already.
 */
export async function openContainerSuite(
  cage: PreparedCage,
  context: SessionContext,
  options: { open?: ContainerFacts } = {},
): Promise<OpenSuite> {
  const [session, open] = await Promise.all([
    openIdleSession(cage, { first: ["python3", "-c", look], context }),
    options.open ?? lookFromOpen(cage),
  ]);
  await using stack = new AsyncDisposableStack();
  stack.use(session);
  const views = { agent: parseFacts(session.printed), root: await lookAsRoot(session), open };
  const evidence = { views, expected: planExpected(cage, context.host) };
  const owned = stack.move();
  return {
    async check(id) {
      if (id === "C05") return await checkLoads(cage, context);
      if (id === "C19") return await checkRecord(cage, session.container);
      const found = LOOKED_AT.find((each) => each.id === id);
      if (found === undefined) throw new Error(`There is no case ${id}`);
      return found.judge(evidence);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function lookAsRoot(session: IdleSession): Promise<ContainerFacts> {
  return parseFacts(await session.run(["python3", "-"], { user: "root", stdin: look }));
}

/** What leaves nothing of /proc and /sys covered, in the engine's own word. */
const UNCOVERED = { docker: "systempaths=unconfined", podman: "unmask=ALL" } as const;

/** The control. It ends by itself within seconds, whoever started it. */
export async function lookFromOpen(cage: PreparedCage): Promise<ContainerFacts> {
  const all = await runOpen(cage, ["--privileged"]);
  // An engine that itself runs in a container cannot give what it does not have.
  const result = all.code === 0 ? all : await runOpen(cage, [
    ...CAPABILITIES.flatMap((name) => ["--cap-add", name]),
    ...["seccomp=unconfined", "apparmor=unconfined", UNCOVERED[cage.engine.capabilities.flavor]]
      .flatMap((option) => ["--security-opt", option]),
  ]);
  if (result.code === 0) return parseFacts(result.stdout);
  throw new Error(
    `The container to compare with did not run: ${result.stderr.trim().split("\n").at(-1)}`,
  );
}

function runOpen(
  { engine, images, id }: PreparedCage,
  rights: readonly string[],
): ReturnType<Engine["docker"]> {
  return engine.docker([
    ...["run", "--rm", "--interactive", "--network", "none", "--user", "0:0"],
    ...["--label", `${LABEL.managed}=true`, "--label", `${LABEL.cage}=${id}`],
    ...["--label", `${LABEL.role}=verify`],
    ...rights,
    ...["--entrypoint", "python3", images.final.ref, "-"],
  ], { stdin: look, timeoutMs: CONTROL_MS });
}
