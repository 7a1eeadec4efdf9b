import { EXIT, UserError } from "../../errors.ts";
import { type HolderWord, parseOrder, type RunOrder } from "../../headless/order.ts";
import { holdRun, NeedsHands } from "../../headless/run_holder.ts";
import type { CommandContext } from "../context.ts";
import { hearEnd } from "../hear_end.ts";

/** `sandcage launch-hold`: holds one run, whose order comes on stdin. */
export async function runLaunchHold(context: CommandContext): Promise<number> {
  const order = parseOrder(await new Response(Deno.stdin.readable).text());
  // Whoever started it found nothing to run.
  if (order === undefined) return EXIT.ok;
  try {
    using ending = hearEnd(context);
    return await holdRun(order, {
      host: context.host,
      io: context.io,
      ...(order.engineContext === undefined ? {} : { engineContext: order.engineContext }),
      signal: ending.signal,
      tell,
      beforeBuild() {
        throw new NeedsHands();
      },
    });
  } catch (error) {
    tell(describe(error, order));
    return EXIT.failed;
  }
}

/** The launch may have gone: nobody listens any more then. */
function tell(word: HolderWord): void {
  try {
    Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(word)}\n`));
  } catch {
    // It is on record with the run.
  }
}

function describe(error: unknown, order: RunOrder): HolderWord {
  if (error instanceof NeedsHands) return { needs: "hands" };
  if (error instanceof UserError) {
    const { message, hint, exit, code } = error;
    return { failed: { message, exit, code, ...(hint === undefined ? {} : { hint }) } };
  }
  const message = error instanceof DOMException && error.name === "AbortError"
    ? `${order.title} was stopped before it had started`
    : error instanceof Error
    ? error.stack ?? error.message
    : String(error);
  return { failed: { message, exit: EXIT.failed, code: "failed" } };
}
