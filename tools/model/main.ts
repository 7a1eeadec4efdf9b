/** The scripted model server by itself: `deno run -A tools/model/main.ts [HOSTNAME] [PORT]`. */
import { startModelServer } from "./server.ts";

const server = await startModelServer({
  hostname: Deno.args[0] ?? "127.0.0.1",
  port: Number(Deno.args[1] ?? 0),
});
await Deno.stdout.write(new TextEncoder().encode(`${server.url}\n`));
