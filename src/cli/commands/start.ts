import { openDesk } from "../../cage/desk_open.ts";
import { EXIT } from "../../errors.ts";
import type { CommandContext } from "../context.ts";
import { type DeskWords, findOrMakeDeskRequest, formatTarget } from "../desk_request.ts";

/** `sandcage start`: has a cage run until it is stopped. */
export async function runStart(options: DeskWords, context: CommandContext): Promise<number> {
  const { io, signals } = context;
  const request = await findOrMakeDeskRequest(options, context);
  const { title, was } = await openDesk(request, { ...context, signal: signals?.signal });
  if (was === "running") io.talk(`${title} runs already`);
  io.talk(`Attach to it: sandcage attach ${formatTarget(options, title)}`);
  return EXIT.ok;
}
