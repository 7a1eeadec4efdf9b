import { resolve } from "node:path";
import { quoteShell } from "../../shell_quote.ts";
import { loadConfig } from "../../config/layers.ts";
import {
  findPendingGrants,
  formatGrants,
  type PendingGrant,
  storeGrants,
} from "../../config/trust.ts";
import { changeTrust, readTrust } from "../../config/trust_store.ts";
import { EXIT, UserError } from "../../errors.ts";
import { findProject } from "../../project/root.ts";
import type { CommandContext } from "../context.ts";
import { formatJson, formatTable } from "../output.ts";

/** What `trust` can be told. */
export type TrustCommandOptions = {
  path?: string;
  /** Lists what was granted, for every project. */
  list: boolean;
  /** Takes back what this project was granted. */
  revoke: boolean;
  /** Grants without asking. */
  yes: boolean;
  json: boolean;
};

/** `sandcage trust`: looks at what a project asks for and remembers the user's yes. */
export async function runTrust(
  options: TrustCommandOptions,
  context: CommandContext,
): Promise<void> {
  if (options.list && options.revoke) {
    throw new UserError("--list and --revoke exclude each other", {
      exit: EXIT.usage,
      code: "usage",
      hint: "Give one of them",
    });
  }
  if (options.list) return await listTrust(options, context);
  if (options.revoke) return await revokeTrust(options, context);
  await grantTrust(options, context);
}

async function grantTrust(options: TrustCommandOptions, context: CommandContext): Promise<void> {
  const { host, io } = context;
  const { path: projectPath } = await findProject({ host, path: options.path });
  const loaded = await loadConfig(projectPath, { host });
  const pending = await findPendingGrants(loaded, { host, projectPath });
  if (pending.length === 0) {
    if (options.json) io.out(formatJson([]));
    return io.talk(`${projectPath} asks for nothing that is not allowed already`);
  }
  io.talk(`${projectPath} asks for:\n${formatGrants(pending)}`);
  if (!options.yes && !await confirmGrants(projectPath, context)) {
    throw new UserError(`Nothing was allowed for ${projectPath}`, {
      exit: EXIT.config,
      code: "not-trusted",
      hint: "Remove what you do not want from the project's files, or run the command again",
    });
  }
  await storeGrants(projectPath, pending, { host });
  if (options.json) io.out(formatJson(pending.map(toJson)));
  io.talk(`Allowed for ${projectPath}`);
}

async function confirmGrants(projectPath: string, context: CommandContext): Promise<boolean> {
  if (!context.io.interactive) {
    throw new UserError("Nobody can be asked here, and nothing was allowed", {
      exit: EXIT.config,
      code: "not-trusted",
      hint: `Look at the list above, then run: sandcage trust -p ${quoteShell(projectPath)} --yes`,
    });
  }
  return await context.io.confirm("Allow this for this project?", { assumed: false });
}

async function listTrust(options: TrustCommandOptions, context: CommandContext): Promise<void> {
  const { host, io } = context;
  const { projects } = await readTrust(host);
  if (options.json) return io.out(formatJson(projects));
  const rows = Object.entries(projects).flatMap(([path, { grants }]) =>
    grants.map((grant) => [path, grant.key, grant.shown])
  );
  if (rows.length === 0) return io.talk("Nothing was allowed for any project");
  io.out(formatTable(["PROJECT", "KEY", "VALUE"], rows, { color: io.color }));
}

async function revokeTrust(options: TrustCommandOptions, context: CommandContext): Promise<void> {
  const { host, io } = context;
  const projectPath = await findRevoked(options, context);
  let count = 0;
  await changeTrust(host, (trust) => {
    const { [projectPath]: revoked, ...projects } = trust.projects;
    count = revoked?.grants.length ?? 0;
    return { ...trust, projects };
  });
  if (options.json) io.out(formatJson({ project: projectPath, revoked: count }));
  io.talk(count === 0 ? `Nothing was allowed for ${projectPath}` : `Taken back: ${projectPath}`);
}

/** The project, also when its directory is gone by now. */
async function findRevoked(options: TrustCommandOptions, context: CommandContext): Promise<string> {
  const { host } = context;
  const spelled = resolve(host.cwd, options.path ?? ".");
  const { projects } = await readTrust(host);
  if (Object.hasOwn(projects, spelled)) return spelled;
  return (await findProject({ host, path: options.path })).path;
}

function toJson({ key, shown, file, line, why, sha256 }: PendingGrant) {
  return { key, value: shown, file, line, why, sha256 };
}
