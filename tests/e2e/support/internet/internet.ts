import { basename, join } from "node:path";
import { connectEngine } from "../../../../src/engine/connect.ts";
import { observeHost } from "../../../../src/host.ts";
import { LABEL } from "../../../../src/names.ts";
import {
  type Internet as Plain,
  startInternet as start,
} from "../../../../src/verify/internet/internet.ts";
import { RUN_ID, RUN_ROOT } from "../world.ts";
import { makeTestCa } from "./ca.ts";

/** An internet of a test's own, and what leads a world to it. */
export type Internet = Plain & {
  /** PEM file: what the host trusts anyway, and the tests' authority. */
  caFile: string;
  /** Lines of a config's `[network]` that lead a cage here. */
  config(lines?: string): string;
};

/** The image the server runs in; the base of every cage is there whenever a cage was built. */
export const INTERNET_IMAGE = "sandcage/base:latest";

/** Starts an internet; disposing it removes its container and its network. */
export async function startInternet(): Promise<Internet> {
  await Deno.mkdir(RUN_ROOT, { recursive: true, mode: 0o755 });
  const name = `${RUN_ID}-internet-${crypto.randomUUID().slice(0, 8)}`;
  const ca = await makeTestCa();
  const known = await Promise.all(
    [Deno.env.get("SSL_CERT_FILE"), Deno.env.get("NODE_EXTRA_CA_CERTS")]
      .filter((path) => path !== undefined && path !== "")
      .map((path) => Deno.readTextFile(path!)),
  );
  const caFile = join(RUN_ROOT, `${basename(name)}.pem`);
  await Deno.writeTextFile(caFile, [...known, ca.certificate.toString("pem"), ""].join("\n"));
  await Deno.chmod(caFile, 0o644);
  const internet = await start({
    engine: await connectEngine({
      host: { ...observeHost(), stateDir: join(RUN_ROOT, "internet-state") },
      context: undefined,
    }),
    image: INTERNET_IMAGE,
    dir: RUN_ROOT,
    name,
    labels: [`${LABEL.managed}=true`, `${LABEL.project}=/${name}`],
    ca,
    alsoTrusted: known,
  });
  return {
    ...internet,
    caFile,
    config: (lines = "") =>
      `mode = "allowlist"\negress = "${name}"\ndns = ["${internet.dns}"]\n${lines}`,
  };
}
