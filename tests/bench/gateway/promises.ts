import type { Promised } from "./figures.ts";

/** Concurrent connections of the small GETs. */
export const CONNECTIONS = [1, 16, 64, 256] as const;

/** Names of the figures, in one place for those who take them and those who judge. */
export const FIGURE = {
  perSecond: (way: string, connections: number) => `${way}, c${connections}, requests/s`,
  p50: (way: string, connections: number) => `${way}, c${connections}, p50 ms`,
  p99: (way: string, connections: number) => `${way}, c${connections}, p99 ms`,
  firstEvent: (way: string) => `${way}, first event ms`,
  down: (way: string) => `${way}, 100 MiB down MB/s`,
  up: (way: string) => `${way}, 100 MiB up MB/s`,
  peakBodies: "terminate, peak memory of 100 MiB bodies MB",
  peakConnections: "terminate, peak memory with 256 connections MB",
  peakBoth: "terminate, peak memory of both at once MB",
  readyProcess: "process to ready ms",
  readyContainer: "container to ready ms",
} as const;

/** What issue 3 promises under "Speed". */
export const PROMISES: Promised[] = [
  ratio("splice", "mitmdump", 40),
  ratio("splice", "direct", 0.4),
  ratio("terminate", "mitmdump", 5),
  ...(["splice", "terminate"] as const).map((way): Promised => ({
    title: `${way}: p50 added at c1`,
    figure: FIGURE.p50(way, 1),
    minus: FIGURE.p50("direct", 1),
    atMost: 0.3,
    unit: "ms",
  })),
  ...(["splice", "terminate"] as const).map((way): Promised => ({
    title: `${way}: first event later than direct`,
    figure: FIGURE.firstEvent(way),
    minus: FIGURE.firstEvent("direct"),
    atMost: 5,
    unit: "ms",
  })),
  ...[FIGURE.down("terminate"), FIGURE.up("terminate")].map((figure): Promised => ({
    title: figure,
    figure,
    above: 150,
    unit: "MB/s",
  })),
  ...[FIGURE.peakBodies, FIGURE.peakConnections, FIGURE.peakBoth].map((figure): Promised => ({
    title: figure,
    figure,
    atMost: 192,
    unit: "MB",
  })),
  ...[FIGURE.readyProcess, FIGURE.readyContainer].map((figure): Promised => ({
    title: figure,
    figure,
    atMost: 700,
    unit: "ms",
  })),
];

function ratio(way: string, of: string, atLeast: number): Promised {
  return {
    title: `${way} against ${of}, c16`,
    figure: FIGURE.perSecond(way, 16),
    of: FIGURE.perSecond(of, 16),
    atLeast,
  };
}
