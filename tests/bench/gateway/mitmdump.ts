import { join } from "node:path";
import { ADDRESS, type Lab } from "./lab.ts";
import { startProgram } from "./program.ts";

/** The peers' engine: reverse mode, an addon that sets one header, upstream certificate unchecked. */
export async function startMitmdump(lab: Lab): Promise<AsyncDisposable> {
  const addon = join(lab.dir, "addon.py");
  await Deno.writeTextFile(addon, ADDON);
  return await startProgram([
    ...["mitmdump", "--quiet", "--mode", `reverse:https://${ADDRESS.files}`],
    ...["--listen-host", ADDRESS.mitmdump, "--listen-port", "443"],
    ...["--set", `confdir=${join(lab.dir, "mitmproxy")}`, "--set", "ssl_insecure=true"],
    ...["--set", "keep_host_header=true", "--set", "http2=false", "--scripts", addon],
  ], { listens: { hostname: ADDRESS.mitmdump, port: 443 } });
}

const ADDON = `
def request(flow):
    flow.request.headers["authorization"] = "Bearer bench"
`;
