import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { connectEngine } from "../src/engine/connect.ts";
import { observeHost } from "../src/host.ts";
import { IMAGE } from "../src/names.ts";
import { ensureDebianImage } from "../src/setup/base_image.ts";
import { isInstalled, must, say } from "./shell.ts";

/** Root of the checkout. */
export const REPOSITORY = fileURLToPath(new URL("../", import.meta.url));

/** Programs by the Debian package that holds them. */
export type Needs = Record<string, string>;

/**
 * Puts missing programs there with apt-get.
 *
 * @throws {Error} If something is missing and this is not root on a Debian-like machine.
 */
export async function ensurePrograms(needs: Needs): Promise<void> {
  const missing: string[] = [];
  for (const [program, packageName] of Object.entries(needs)) {
    if (!await isInstalled(program)) missing.push(packageName);
  }
  if (missing.length === 0) return;
  if (Deno.uid() !== 0 || !await isInstalled("apt-get")) {
    throw new Error(`Missing on this machine: ${missing.join(", ")}. Install them and try again`);
  }
  say(`Installing ${missing.join(", ")}`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await must("apt-get", ["-qq", "update"], { env });
  await must("apt-get", ["-qq", "install", "-y", "--no-install-recommends", ...missing], { env });
}

/** Puts a working Docker engine with Compose there when there is none: the product's own set-up. */
export async function ensureEngine(env: Record<string, string>): Promise<void> {
  await must(Deno.execPath(), [
    "run",
    "-A",
    join(REPOSITORY, "main.ts"),
    "setup",
    "engine",
    "--yes",
  ], {
    cwd: REPOSITORY,
    env,
  });
}

/** Puts the image there that tests run by its own name; builds that find their own do not ask for it. */
export async function ensureDebian(stateDir: string): Promise<void> {
  const host = { ...observeHost(), stateDir };
  const engine = await connectEngine({ host });
  await ensureDebianImage(engine, {
    host,
    image: IMAGE.debian,
    io: {
      warn: say,
      progress: (title) => ({
        update() {},
        done: (detail) => say(`${title}: ${detail ?? "done"}`),
        [Symbol.dispose]() {},
      }),
    },
  });
}

/** Writes the split bundle into dist/. */
export async function makeBundle(): Promise<void> {
  await must(Deno.execPath(), ["run", "-A", join(REPOSITORY, "tools/bundle.ts")], {
    cwd: REPOSITORY,
  });
}
