import type { PreparedCage } from "../../cage/prepare.ts";
import type { SessionContext } from "../../cage/session.ts";
import { defaultConfig } from "../../config/defaults.ts";
import type { Config } from "../../config/schema.ts";
import { run } from "../../engine/process.ts";
import type { Host } from "../../host.ts";
import { ensurePlaceholders, forgetPlaceholders } from "../../secrets/placeholders.ts";
import { resolveSecrets } from "../../secrets/sources.ts";
import type { OpenSuite } from "../case.ts";
import { BAD_CERTIFICATES } from "../internet/certificates.ts";
import type { Guard } from "../internet/guarded.ts";
import { openGuardedSuite } from "../internet/guarded_suite.ts";
import { SECRET_CASES } from "./cases.ts";
import { type SecretsGiven, SITE, type TriedSecrets, VARIABLE } from "./given.ts";
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
  const placeholders = cage.gateway === undefined
    ? new Map<string, string>()
    : await ensurePlaceholders(host.stateDir, names);
  // They stand for nothing once this run is over.
  if (placeholders.size > 0) stack.defer(() => forgetPlaceholders(host.stateDir, names));
  const secrets = makeSecrets(placeholders);
  const given: Omit<SecretsGiven, "guarded"> = {
    secrets,
    host,
    own: () => readOwn(cage.config.secrets, host),
    sinceMs,
  };
  const suite = stack.use(
    await openGuardedSuite(
      SECRET_CASES.map((each) => ({
        ...each,
        check: (guarded) => each.check({ ...given, guarded }),
      })),
      { cage, guard: { name: SECRETS_SCRATCH, context, ...planGuard(cage.config, secrets) } },
    ),
  );
  const owned = stack.move();
  return { check: suite.check, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Values that nobody has seen before; those for bodies hold what has to be encoded there. */
function makeSecrets(placeholders: ReadonlyMap<string, string>): TriedSecrets {
  const make = (use: keyof TriedSecrets, end = "") => ({
    name: VARIABLE[use],
    value: `tried-${use}-${crypto.randomUUID()}${end}`,
    placeholder: placeholders.get(VARIABLE[use]) ?? "",
  });
  return { key: make("key"), body: make("body", "/+=77ab"), other: make("other") };
}

function planGuard(
  config: Pick<Config, "inspect">,
  { key, body, other }: TriedSecrets,
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
      [key.name]: { from: "env", to: [SITE.own, SITE.stolen, ...bad], body: false },
      [body.name]: { from: "env", to: [SITE.own], body: true },
      [other.name]: { from: "env", to: [SITE.other], body: true },
    },
    env: Object.fromEntries([key, body, other].map(({ name, value }) => [name, value])),
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
