import { findCommandIndex, hasFlag, splitCommandLine } from "./src/cli/arguments.ts";
import { describeFailure, isBrokenPipe } from "./src/failure.ts";
import { processPorts } from "./src/cli/ports.ts";
import { trapSignals } from "./src/cli/signals.ts";
import { createIo, decideColor } from "./src/cli/terminal.ts";
import { VERSION } from "./src/cli/version.ts";
import { EXIT } from "./src/errors.ts";
import { observeHost } from "./src/host.ts";

/** What a launch starts, as its whole command line. */
const HOLDER = "launch-hold";

/** The whole program: argv in, exit code out. The only place that ends the process. */
async function main(argv: readonly string[]): Promise<number> {
  const ports = processPorts();
  // Asked by scripts and package managers all the time: needs nothing of the rest.
  if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
    ports.stdout(`${VERSION}\n`);
    return EXIT.ok;
  }
  const { head, rest } = splitCommandLine(argv);
  const host = observeHost();
  const noColor = hasFlag(head, "--no-color");
  using signals = trapSignals({ exit: (code) => Deno.exit(code) });
  const io = createIo(host, {
    ports,
    noColor,
    quiet: hasFlag(head, "-q", "--quiet"),
    signal: signals.signal,
  });
  const context = { host, io, signals };
  try {
    // Started by a launch, which waits for it: needs nothing of the command tree.
    if (argv.length === 1 && argv[0] === HOLDER) {
      const { runLaunchHold } = await import("./src/cli/commands/launch_hold.ts");
      return await runLaunchHold(context);
    }
    if (head[findCommandIndex(head)] === "launch") {
      const { startHolder } = await import("./src/headless/holder_process.ts");
      Object.assign(context, { holder: await startHolder(host) });
    }
    const { runProgram } = await import("./src/cli/run.ts");
    return await runProgram({ head, rest, columns: ports.columns() }, context);
  } catch (error) {
    if (isBrokenPipe(error)) return EXIT.ok;
    if (signals.signal.aborted) return signals.code();
    const failure = describeFailure(error, {
      json: hasFlag(head, "--json"),
      debug: host.env.SANDCAGE_DEBUG === "1",
      color: !noColor && decideColor(host.env, host.tty.stderr),
    });
    ports.stderr(failure.text);
    return failure.exit;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
