import { homedir, userInfo } from "node:os";
import { join } from "node:path";

/** The user's machine as one value: observed once in `main.ts`, passed down, faked in tests. */
export type Host = {
  platform: "linux" | "darwin" | "windows";
  arch: "x86_64" | "aarch64";
  env: Readonly<Record<string, string | undefined>>;
  /** Absolute current directory. */
  cwd: string;
  /** Absolute home directory of the user. */
  home: string;
  /** State directory, `SANDCAGE_HOME` or `~/.sandcage`. */
  stateDir: string;
  /** Numeric user and group; on Windows 1000:1000, as Docker Desktop maps ownership itself. */
  user: { name: string; uid: number; gid: number };
  /** Which standard streams are terminals. */
  tty: { stdin: boolean; stdout: boolean; stderr: boolean };
};

/** Looks at the machine this process runs on. */
export function observeHost(): Host {
  const env = Deno.env.toObject();
  const home = env.HOME ?? env.USERPROFILE ?? homedir();
  const platform = Deno.build.os === "darwin" || Deno.build.os === "windows"
    ? Deno.build.os
    : "linux";
  return {
    platform,
    arch: Deno.build.arch,
    env,
    cwd: Deno.cwd(),
    home,
    stateDir: env.SANDCAGE_HOME || join(home, ".sandcage"),
    user: {
      name: env.USER ?? env.USERNAME ?? userName(),
      uid: Deno.uid() ?? 1000,
      gid: Deno.gid() ?? 1000,
    },
    tty: {
      stdin: Deno.stdin.isTerminal(),
      stdout: Deno.stdout.isTerminal(),
      stderr: Deno.stderr.isTerminal(),
    },
  };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A uid without a passwd entry, as in many CI containers, has no name.
    return "user";
  }
}
