/** Looks at a cage again and again until it is killed. For the campaign of kills. */
import { pause } from "../../../src/pause.ts";
import { lookAtCage } from "../../../src/promote/look.ts";
import type { Pin } from "../../../src/promote/types.ts";
import { localLooks } from "./look_options.ts";

const [root, pin, lastMoment] = JSON.parse(Deno.args[0]!) as [string, Pin, number];
let moments = 0;
/** Ends as kill -9 ends it, between two effects. */
const at = () => {
  if (moments++ === lastMoment) Deno.kill(Deno.pid, "SIGKILL");
};
await Deno.stdout.write(new TextEncoder().encode("ready\n"));
for (;;) {
  const look = await lookAtCage({ ...localLooks(root, pin), nowMs: Date.now(), at })
    // A git that the killed one left may be in the way for a moment.
    .catch((error) => ({ kind: "error", text: String(error?.stack ?? error) }));
  await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(look)}\n`));
  if (look.kind !== "landed") await pause(10);
}
