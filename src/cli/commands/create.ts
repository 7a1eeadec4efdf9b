import { createCopyCage } from "../../copy/create.ts";
import { EXIT, UserError } from "../../errors.ts";
import type { CommandContext } from "../context.ts";
import { formatFilled, formatFilledWarnings } from "../copy_words.ts";

/** What `sandcage create` was asked for. */
export type CreateOptions = {
  url?: string | undefined;
  dir?: string | undefined;
  path?: string;
  name?: string | undefined;
  service?: string | undefined;
  dirs: readonly string[];
  dockerfile?: string | undefined;
  authMode?: string | undefined;
  attach: boolean;
};

/** How a login comes in. */
export const AUTH_MODES = ["api_key", "subscription"] as const;

/** `sandcage create`: makes a cage with files of its own, and opens it. */
export async function runCreate(options: CreateOptions, context: CommandContext): Promise<number> {
  const { host, io, signals } = context;
  if (options.url !== undefined && options.dir !== undefined) {
    throw new UserError("Cannot make one cage of two projects: there is a URL and --dir", {
      hint: "Give one of them; further directories come in with --add-dir PATH",
      exit: EXIT.usage,
      code: "usage",
    });
  }
  const authMode = parseAuthMode(options.authMode);
  const signal = signals?.signal;
  const { copy, filled } = await createCopyCage({
    url: options.url,
    path: options.dir ?? options.path,
    name: options.name,
    service: options.service,
    dirs: options.dirs,
    dockerfile: options.dockerfile,
    authMode,
  }, { ...context, ...(signal === undefined ? {} : { signal }) });
  if (filled.length > 0) io.talk(formatFilled(filled));
  for (const line of formatFilledWarnings(filled)) io.warn(line);
  if (authMode === "subscription") {
    const { runAuth } = await import("./auth.ts");
    try {
      await runAuth({ service: copy.id, login: false }, context);
    } catch (error) {
      // The cage is whole; a login can come later.
      if (!(error instanceof UserError)) throw error;
      io.warn(`${error.message}. Later: sandcage auth ${copy.name}`);
    }
  }
  if (options.attach && io.interactive && host.tty.stdout) {
    const { runAttach } = await import("./attach.ts");
    return await runAttach({ cage: copy.name }, context);
  }
  io.talk(`Open it: sandcage attach ${copy.name}`);
  return EXIT.ok;
}

function parseAuthMode(text: string | undefined): typeof AUTH_MODES[number] {
  const mode = AUTH_MODES.find((known) => known === (text ?? "api_key"));
  if (mode !== undefined) return mode;
  throw new UserError(`Cannot use ${JSON.stringify(text)} as --auth-mode`, {
    hint: "api_key: the gateway puts a key of yours into requests; " +
      "subscription: the login of this machine is copied into the cage",
    exit: EXIT.usage,
    code: "usage",
  });
}
