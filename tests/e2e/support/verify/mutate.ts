import type { ComposeDocument, ComposeService } from "../../../../src/cage/compose_document.ts";
import {
  type CageRequest,
  locateCage,
  prepareCage,
  type PreparedCage,
} from "../../../../src/cage/prepare.ts";
import type { SessionContext } from "../../../../src/cage/session.ts";
import { type Host, observeHost } from "../../../../src/host.ts";
import { SILENT_IO } from "../../../../src/io.ts";
import type { World } from "../world.ts";

/** A compose service with whatever a mutation adds, which the planner has no words for. */
export type Weakened = Partial<Omit<ComposeService, keyof Weakenings>> & Weakenings;

/** Keys that a mutation may set against the planner's types. */
type Weakenings = {
  cap_add?: string[];
  cap_drop?: string[];
  security_opt?: string[];
  read_only?: boolean;
  tmpfs?: string[];
  pid?: string;
  ipc?: string;
  hostname?: string;
  logging?: { driver: string };
  volumes?: unknown[];
  devices?: string[];
};

/** What a cage in a world is prepared with, in this process. */
export async function prepareIn(
  world: World,
  request: CageRequest = { service: "shell" },
): Promise<{ cage: PreparedCage; context: SessionContext }> {
  const host: Host = {
    ...observeHost(),
    cwd: world.project,
    home: world.home,
    stateDir: world.state,
    // A name that no image holds.
    user: { name: "ottilie", ...world.runAs ?? { uid: Deno.uid()!, gid: Deno.gid()! } },
  };
  const context = { host, io: SILENT_IO, takeSignals: () => ({ [Symbol.dispose]() {} }) };
  const site = await locateCage(request, context);
  return { cage: await prepareCage(site, context), context };
}

/** What stands between a cage and its engine, changed on its way. */
export type Interception = {
  /** The compose document that a session is made from. */
  document?(document: ComposeDocument): void;
  /** The arguments of every other command. */
  args?(args: readonly string[]): readonly string[];
};

/** The same cage with a wall taken out: what its service is given is changed on its way. */
export function mutate(
  cage: PreparedCage,
  change: (service: ComposeService) => Weakened,
): PreparedCage {
  return intercept(cage, {
    document({ services }) {
      const service = services[cage.service.name] as ComposeService;
      Object.assign(service, change(service));
    },
  });
}

/** The same cage whose engine is told something else. */
export function intercept(
  cage: PreparedCage,
  { document: change = () => {}, args: changeArgs = (same) => same }: Interception,
): PreparedCage {
  return {
    ...cage,
    engine: {
      ...cage.engine,
      endpoint: cage.engine.endpoint,
      title: cage.engine.title,
      url: cage.engine.url,
      capabilities: cage.engine.capabilities,
      isLocal: () => cage.engine.isLocal(),
      docker: (args, options) => cage.engine.docker(changeArgs(args), options),
      composeCommand(args) {
        const file = args.indexOf("--file");
        // Whoever wants only its environment.
        if (file === -1) return cage.engine.composeCommand(args);
        const path = args[file + 1]!;
        const document = JSON.parse(Deno.readTextFileSync(path)) as ComposeDocument;
        change(document);
        Deno.writeTextFileSync(path, JSON.stringify(document));
        return cage.engine.composeCommand(args);
      },
    },
  };
}
