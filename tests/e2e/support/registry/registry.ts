import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LABEL } from "../../../../src/names.ts";
import { docker } from "../../../../tools/engine_state.ts";
import { waitFor } from "../files.ts";
import { makeLeaf } from "../../../../src/verify/internet/ca.ts";
import { makeTestCa } from "../internet/ca.ts";
import { type Internet, INTERNET_IMAGE } from "../internet/internet.ts";
import { RUN_ROOT } from "../world.ts";

/** Package registries of every kind on an internet of the tests; see server.py. */
export type Registry = AsyncDisposable;

/** What its one package holds, whatever the client. */
export const GREETING = "trusty says hello";

const FILES = fileURLToPath(new URL(".", import.meta.url));

/** Starts it under some names, with a certificate of the tests' authority. */
export async function startRegistry(
  internet: Internet,
  names: readonly string[],
): Promise<Registry> {
  const dir = await Deno.makeTempDir({ dir: RUN_ROOT, prefix: "registry-" });
  const shown = await makeLeaf([...names], { ca: await makeTestCa() });
  await Deno.writeTextFile(join(dir, "certificate.pem"), shown.certificate);
  await Deno.writeTextFile(join(dir, "key.pem"), shown.key);
  const container = await docker([
    ...["run", "--detach", "--rm", "--init", "--network", internet.network],
    ...["--label", `${LABEL.managed}=true`, "--label", `${LABEL.project}=/${internet.network}`],
    ...["--volume", `${FILES}:/registry:ro`, "--volume", `${dir}:/shown:ro`, INTERNET_IMAGE],
    ...["python3", "/registry/server.py", "/shown/certificate.pem", "/shown/key.pem"],
  ]);
  const stop = async () => {
    await docker(["rm", "--force", "--volumes", container]);
    await Deno.remove(dir, { recursive: true });
  };
  try {
    await waitFor("the registry", async () => {
      const log = await docker(["logs", container]);
      return log.includes("ready") || undefined;
    });
    const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    const address = await docker(["inspect", "--format", format, container]);
    for (const name of names) internet.script(name, { answers: [[address]] });
  } catch (error) {
    await stop();
    throw error;
  }
  return { [Symbol.asyncDispose]: stop };
}
