import dns from "./server/dns.ts" with { type: "text" };
import main from "./server/main.ts" with { type: "text" };
import reply from "./server/reply.ts" with { type: "text" };
import web from "./server/web.ts" with { type: "text" };
import websocket from "./server/websocket.ts" with { type: "text" };
import wire from "./server/wire.py" with { type: "text" };
import probe from "./probe/main.ts" with { type: "text" };
import serve from "./probe/serve.ts" with { type: "text" };

/** Files of the server, by name; `main.ts` is the one to run. */
export const SERVER_FILES: Readonly<Record<string, string>> = {
  "dns.ts": dns,
  "main.ts": main,
  "reply.ts": reply,
  "web.ts": web,
  "websocket.ts": websocket,
  "wire.py": wire,
};

/** Node of the images knows that types are to be left out. */
const NODE = ["node", "--disable-warning=ExperimentalWarning"];

/** What runs the server where its files are. */
export function planServerCommand(dir: string): string[] {
  return [...NODE, `${dir}/main.ts`];
}

/** Runs probes for as long as its stdin is open, wherever there is a Node; without a file there. */
export const PROBE_COMMAND: readonly string[] = [
  ...NODE,
  "--input-type=module-typescript",
  "--eval",
  serve,
  probe,
];
