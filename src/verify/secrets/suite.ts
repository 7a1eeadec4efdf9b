import type { PreparedCage } from "../../cage/prepare.ts";
import type { SessionContext } from "../../cage/session.ts";
import { defaultConfig } from "../../config/defaults.ts";
import type { Config } from "../../config/schema.ts";
import { run } from "../../engine/process.ts";
import type { Host } from "../../host.ts";
import { forgetPlaceholders } from "../../secrets/placeholders.ts";
import { resolveSecrets } from "../../secrets/sources.ts";
import type { OpenSuite } from "../case.ts";
import { BAD_CERTIFICATES } from "../internet/certificates.ts";
import type { Guard, GuardedCage } from "../internet/guarded.ts";
import { openGuardedSuite } from "../internet/guarded_suite.ts";
import { SECRET_CASES } from "./cases.ts";
import { SITE, type TriedSecrets, VARIABLE } from "./given.ts";
import { TOKEN_HOMES } from "./tokens.ts";

/** Names its scratch. */
export const SECRETS_SCRATCH = "secrets";

/** Opens the user's cage on an internet of its own, with secrets that were made up for it. */
export async function openSecretsSuite(
  cage: PreparedCage,
  context: SessionContext,
): Promise<OpenSuite> {
  const { host } = context;
  const sinceMs = Date.now();
  const names = Object.values(VARIABLE);
  await using stack = new AsyncDisposableStack();
  // What stands for them stands for nothing once this run is over.
  if (cage.gateway !== undefined) stack.defer(() => forgetPlaceholders(host.stateDir, names));
  const values = makeValues();
  let told: Promise<TriedSecrets> | undefined;
  const own = () => readOwn(cage.config.secrets, host);
  const suite = stack.use(
    await openGuardedSuite(
      SECRET_CASES.map((each) => ({
        ...each,
        async check(guarded) {
          const secrets = await (told ??= readPlaceholders(guarded, values));
          return await each.check({ guarded, secrets, host, own, sinceMs });
        },
      })),
      { cage, guard: { name: SECRETS_SCRATCH, context, ...planGuard(cage.config, values) } },
    ),
  );
  const owned = stack.move();
  return { check: suite.check, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

type Values = Readonly<Record<keyof TriedSecrets, string>>;

/** Values that nobody has seen before; those for bodies hold what has to be encoded there. */
function makeValues(): Values {
  const make = (use: keyof TriedSecrets) => `tried-${use}-${crypto.randomUUID()}`;
  return { key: make("key"), body: `${make("body")}/+=77ab`, other: make("other") };
}

/** The secrets of a run, with what the agent of its session was given for each. */
async function readPlaceholders(guarded: GuardedCage, values: Values): Promise<TriedSecrets> {
  const session = await guarded.session();
  const printed = await session.run(["printenv", VARIABLE.key, VARIABLE.body, VARIABLE.other], {
    user: "agent",
  });
  const [key = "", body = "", other = ""] = printed.trim().split("\n");
  const make = (use: keyof TriedSecrets, placeholder: string) => ({
    name: VARIABLE[use],
    value: values[use],
    placeholder,
  });
  return { key: make("key", key), body: make("body", body), other: make("other", other) };
}

function planGuard(
  config: Pick<Config, "inspect">,
  values: Values,
): Omit<Guard, "name" | "context"> {
  const bad = Object.values(BAD_CERTIFICATES);
  return {
    network: {
      allow: [
        ...[SITE.own, SITE.other, SITE.opened, SITE.closed, SITE.stolen, `*.${SITE.wild}`],
        ...bad,
        ...TOKEN_HOMES,
      ],
    },
    secrets: {
      [VARIABLE.key]: { from: "env", to: [SITE.own, SITE.stolen, ...bad], body: false },
      [VARIABLE.body]: { from: "env", to: [SITE.own], body: true },
      [VARIABLE.other]: { from: "env", to: [SITE.other], body: true },
    },
    env: {
      [VARIABLE.key]: values.key,
      [VARIABLE.body]: values.body,
      [VARIABLE.other]: values.other,
    },
    // How strict the user is with secrets is what is tried; what else is looked for would be in the way.
    inspect: {
      ...defaultConfig().inspect,
      secrets: config.inspect.secrets,
      hosts: [SITE.opened],
    },
  };
}

/** A command may ask for something: its value is left alone. */
async function readOwn(
  secrets: Config["secrets"],
  host: Host,
): Promise<ReadonlyMap<string, string>> {
  const quiet = Object.entries(secrets).filter(([, { from }]) => !from.startsWith("cmd:"));
  const { values } = await resolveSecrets(Object.fromEntries(quiet), {
    host,
    run,
    stateDir: host.stateDir,
  });
  return values;
}
