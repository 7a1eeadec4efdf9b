import { findGatewayImage, takeProgram } from "../../e2e/support/gateway_program.ts";
import { ensureEngine, ensurePrograms, makeBundle } from "../../../tools/prepare.ts";
import { say } from "../../../tools/shell.ts";
import { formatFigures, judgePromises, note, type Series } from "./figures.ts";
import { type BenchGateway, SECRET_HEADER, startBenchGateway } from "./gateway.ts";
import { ADDRESS, type Lab, makeLab, NAME } from "./lab.ts";
import { runCurl, runWrk, type Target } from "./load.ts";
import { startMitmdump } from "./mitmdump.ts";
import { startFiles, startStreams } from "./origins.ts";
import { CONNECTIONS, FIGURE, PROMISES } from "./promises.ts";
import { takeContainerStart, takeProcessStart } from "./start.ts";

/** What the benchmarks run, by Debian package. */
const PROGRAMS = {
  wrk: "wrk",
  nginx: "nginx-light",
  mitmdump: "mitmproxy",
  curl: "curl",
  unshare: "util-linux",
};

/** A window of small GETs, in seconds; shorter ones are too noisy, see research. */
const WINDOW_SECONDS = 2;

/** What the gateway is measured with. */
export type SuiteOptions = {
  rounds: number;
  json: boolean;
};

/** Measures the gateway beside a direct connection and mitmdump; answers the tables as text. */
export async function benchGateway(options: SuiteOptions): Promise<string> {
  await ensurePrograms(PROGRAMS);
  await ensureEngine({});
  await makeBundle();
  const image = await findGatewayImage();
  await using lab = await makeLab();
  const program = await takeProgram(lab.dir, image);
  const series: Series = new Map();
  await using _files = await startFiles(lab);
  await using _streams = await startStreams(lab, program.node);
  {
    await using _mitmdump = await startMitmdump(lab);
    for (let round = 1; round <= options.rounds; round++) {
      say(`Gateway, round ${round} of ${options.rounds}`);
      await takeRound(lab, { image, series });
    }
  }
  await takePeaks(lab, { image, series });
  for (let round = 0; round < options.rounds; round++) {
    note(series, {
      [FIGURE.readyProcess]: await takeProcessStart(lab, program),
      [FIGURE.readyContainer]: await takeContainerStart(lab, image),
    });
  }
  const held = judgePromises(series, PROMISES);
  return options.json
    ? JSON.stringify({ figures: Object.fromEntries(series), held }, null, 2)
    : formatFigures(series, held);
}

type Taking = { image: string; series: Series };

/** Who is asked, and how: all take part in every round, one after the other. */
type Way = { name: string; files: string; streams: string; headers: readonly string[] };

const DIRECT: Way = {
  name: "direct",
  files: ADDRESS.files,
  streams: ADDRESS.streams,
  headers: [],
};

/** It has no part in the large bodies: without streaming it never ends, see research. */
const MITMDUMP: Target = { name: NAME.files, address: ADDRESS.mitmdump };

/** Everything once, side by side. */
async function takeRound(lab: Lab, { image, series }: Taking): Promise<void> {
  await using splice = await startBenchGateway({ lab, image, mode: "splice" });
  await using terminate = await startBenchGateway({ lab, image, mode: "terminate" });
  const ways: Way[] = [
    DIRECT,
    { name: "splice", files: splice.address, streams: splice.address, headers: [] },
    {
      name: "terminate",
      files: terminate.address,
      streams: terminate.address,
      headers: [SECRET_HEADER],
    },
  ];
  for (const connections of CONNECTIONS) await takeWindows(lab, { ways, connections, series });
  for (const way of ways) await takeTransfers(lab, { way, series });
}

async function takeWindows(
  lab: Lab,
  { ways, connections, series }: { ways: Way[]; connections: number; series: Series },
): Promise<void> {
  const targets: [way: string, target: Target, headers: readonly string[]][] = [
    ...ways.map(({ name, files, headers }) =>
      [name, { name: NAME.files, address: files }, headers] as [string, Target, readonly string[]]
    ),
    ["mitmdump", MITMDUMP, []],
  ];
  for (const [way, target, headers] of targets) {
    const load = { connections, headers, dir: lab.dir };
    await runWrk(target, { ...load, seconds: 1 });
    const window = await runWrk(target, { ...load, seconds: WINDOW_SECONDS });
    note(series, {
      [FIGURE.perSecond(way, connections)]: window.perSecond,
      [FIGURE.p50(way, connections)]: window.p50Ms,
      [FIGURE.p99(way, connections)]: window.p99Ms,
    });
  }
}

async function takeTransfers(
  lab: Lab,
  { way, series }: { way: Way; series: Series },
): Promise<void> {
  const { headers } = way;
  const pass = async () => {
    const down = await runCurl(`https://${NAME.files}/large`, { address: way.files, headers });
    const sink = `https://${NAME.streams}/sink`;
    const up = await runCurl(sink, { address: way.streams, headers, upload: lab.large });
    return {
      [FIGURE.down(way.name)]: down.megabytesPerSecond,
      [FIGURE.up(way.name)]: up.megabytesPerSecond,
    };
  };
  // As with the small GETs: the first pass is for the compilers of both ends.
  await pass();
  note(series, await pass());
  const events = `https://${NAME.streams}/events`;
  const first = await runCurl(events, { address: way.streams, headers, firstByteOnly: true });
  note(series, { [FIGURE.firstEvent(way.name)]: first.firstByteMs });
}

/** Peaks are of a whole life, so each kind of load has a gateway of its own. */
async function takePeaks(lab: Lab, { image, series }: Taking): Promise<void> {
  const bodies = () =>
    Promise.all([
      runCurl(`https://${NAME.files}/large`, { address: ADDRESS.terminate }),
      runCurl(`https://${NAME.streams}/sink`, { address: ADDRESS.terminate, upload: lab.large }),
    ]);
  const connections = () =>
    runWrk({ name: NAME.files, address: ADDRESS.terminate }, {
      connections: 256,
      seconds: 3,
      headers: [SECRET_HEADER],
      dir: lab.dir,
    });
  const loads: [string, () => Promise<unknown>][] = [
    [FIGURE.peakBodies, bodies],
    [FIGURE.peakConnections, connections],
    [FIGURE.peakBoth, () => Promise.all([bodies(), connections()])],
  ];
  for (const [figure, load] of loads) {
    await using gateway: BenchGateway = await startBenchGateway({ lab, image, mode: "terminate" });
    await load();
    note(series, { [figure]: await gateway.peakBytes() / 1e6 });
  }
}
