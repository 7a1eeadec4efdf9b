import type { CommandContext } from "./context.ts";

/**
 * Hears the signals that end a program, in place of what would end it after two seconds: for programs
 * of ours that nobody looks at, which have something to finish.
 */
export function hearEnd(
  { signals }: Pick<CommandContext, "signals">,
): Disposable & { signal: AbortSignal } {
  const handed = signals?.handOver();
  const controller = new AbortController();
  const end = () => controller.abort(new DOMException("Interrupted", "AbortError"));
  const names: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const name of names) Deno.addSignalListener(name, end);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of names) Deno.removeSignalListener(name, end);
      handed?.[Symbol.dispose]();
    },
  };
}
