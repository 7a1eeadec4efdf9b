import { collectLogins, mergeLogin } from "../../auth/logins.ts";
import { listCopyCages } from "../../copy/record.ts";
import { findHomeFile, type HomeAccess, writeHomeFile } from "../../cage/home_files.ts";
import {
  type CageRequest,
  findHome,
  locateCage,
  prepareCage,
  type PreparedCage,
} from "../../cage/prepare.ts";
import { runSession } from "../../cage/session.ts";
import { run } from "../../engine/process.ts";
import { EXIT, UserError } from "../../errors.ts";
import { builtInNames } from "../../service/registry.ts";
import type { CommandContext } from "../context.ts";

/** Whose login goes where, and how it is had. */
export type AuthOptions = {
  /** A service, or a cage with files of its own: its service and its home. */
  service: string;
  path?: string;
  /** Logs in inside the cage instead of copying the login of this machine. */
  login: boolean;
};

/** `sandcage auth`: puts a login into the agent's home, which keeps it. */
export async function runAuth(options: AuthOptions, context: CommandContext): Promise<number> {
  const { host, io, signals } = context;
  const site = await locateCage(await findRequest(options, host.stateDir), context);
  const { auth, title, name } = site.service;
  if (options.login && auth.login === undefined) {
    throw new UserError(`${title} has no login of its own`, {
      hint: Object.keys(auth.keys).length === 0
        ? `Start it and log in there: sandcage ${name}`
        : `Give it an API key: secrets: { ${Object.keys(auth.keys)[0]}: {} } in the configuration`,
      exit: EXIT.usage,
      code: "usage",
    });
  }
  const cage = await prepareCage(site, { ...context, signal: signals?.signal });
  if (!options.login) return await copyLogins(cage, context);
  const takeSignals = () => signals?.handOver() ?? { [Symbol.dispose]() {} };
  return await runSession(cage, { args: [], shell: false, command: auth.login }, {
    context: { host, io, takeSignals },
  });
}

/** A service of ours goes before a cage that somebody gave its name. */
async function findRequest(options: AuthOptions, stateDir: string): Promise<CageRequest> {
  const { service: word, path } = options;
  const copies = builtInNames().includes(word) ? [] : await listCopyCages(stateDir);
  const copy = copies.find(({ copy }) => copy.name === word || copy.id === word)?.copy;
  if (copy !== undefined) return { service: copy.service, copy };
  return { service: word, ...(path === undefined ? {} : { path }) };
}

async function copyLogins(cage: PreparedCage, { host, io }: CommandContext): Promise<number> {
  const { service, engine } = cage;
  const logins = await collectLogins(service.auth, { host, run });
  if (logins.length === 0) {
    throw new UserError(`There is no login of ${service.title} on this machine`, {
      hint: service.auth.login === undefined
        ? `Log in with ${service.title} on this machine first, or start it: sandcage ${service.name}`
        : `Log in inside the cage: sandcage auth ${service.name} --login`,
    });
  }
  const home: HomeAccess = {
    volume: findHome(cage),
    image: cage.images.final.ref,
    user: cage.user,
  };
  for (const login of logins) {
    const present = await findHomeFile(login.path, { home, engine });
    const text = mergeLogin(login, present);
    await writeHomeFile({ path: login.path, text }, { home, engine });
    io.talk(`${login.source} -> ~/${login.path} in the home of ${service.title}`);
  }
  return EXIT.ok;
}
