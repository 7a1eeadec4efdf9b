import * as fs from "node:fs";
import { OWN_PREFIX, type Places } from "./place.ts";
import { toSeconds } from "./node_fs.ts";
import { listRaw, lstatRaw, type RawPath, renameRaw, toNode } from "./raw_fs.ts";

/**
 * What a swap does, written down before it is done. It is kept where no agent can write. In the phase
 * `out` everything old leaves, in the phase `in` everything new comes.
 */
type Journal = {
  schema: 1;
  /** Below `/work`; each goes to `old/<its number>`. */
  outs: RawPath[];
  /** Below `new` and below `/work` alike. */
  ins: RawPath[];
  /** Directories that stay the same ones and get their mode and time from the checkpoint. */
  dirs: { path: RawPath; mode: number; mtimeMs: number }[];
};

const JOURNAL = /^\.restore-([0-9a-f]+)-(out|in)\.json$/;

/** Puts what is in `new` of a stage into the place of what is in `/work`. */
export function swapTrees(
  stage: RawPath,
  options: { places: Places; token: string; isOwn(name: string): boolean },
): void {
  const { places, token } = options;
  const journal = planSwap(stage, options);
  const path = journalPath(places, { token, phase: "out" });
  fs.writeFileSync(`${path}.tmp`, JSON.stringify(journal), { mode: 0o600, flush: true });
  fs.renameSync(`${path}.tmp`, path);
  takeOut(journal, { stage, places });
  fs.renameSync(path, journalPath(places, { token, phase: "in" }));
  bringIn(journal, { stage, places });
  fs.rmSync(journalPath(places, { token, phase: "in" }));
}

/** Brings swaps to their end that a program did not live to finish. */
export function recoverRestores(
  places: Places,
  options: { isLive(token: string): boolean },
): void {
  for (const name of fs.readdirSync(places.checkpoints)) {
    if (name.startsWith(".restore-") && name.endsWith(".tmp")) {
      fs.rmSync(`${places.checkpoints}/${name}`, { force: true });
    }
    const [, token, phase] = JOURNAL.exec(name) ?? [];
    if (token === undefined || options.isLive(token)) continue;
    const stage = `${places.work}/${OWN_PREFIX}restore-${token}`;
    const path = `${places.checkpoints}/${name}`;
    const journal = JSON.parse(fs.readFileSync(path, "utf8")) as Journal;
    const next = journalPath(places, { token, phase: "in" });
    if (phase === "out") {
      takeOut(journal, { stage, places });
      fs.renameSync(path, next);
    }
    bringIn(journal, { stage, places });
    fs.rmSync(next);
  }
}

function journalPath(
  { checkpoints }: Places,
  { token, phase }: { token: string; phase: "out" | "in" },
): string {
  return `${checkpoints}/.restore-${token}-${phase}.json`;
}

function planSwap(
  stage: RawPath,
  { places, isOwn }: { places: Places; isOwn(name: string): boolean },
): Journal {
  const journal: Journal = { schema: 1, outs: [], ins: [], dirs: [] };
  const fresh = listRaw(`${stage}/new`);
  const isDir = (path: RawPath) => lstatRaw(path)?.isDirectory() === true;
  const isKept = (name: string) => isDir(`${places.work}/${name}`) && isDir(`${stage}/new/${name}`);
  for (const name of listRaw(places.work)) {
    if (isOwn(name)) continue;
    if (!isKept(name)) journal.outs.push(name);
    else journal.outs.push(...listRaw(`${places.work}/${name}`).map((child) => `${name}/${child}`));
  }
  for (const name of fresh) {
    if (!isKept(name)) {
      journal.ins.push(name);
      continue;
    }
    journal.ins.push(...listRaw(`${stage}/new/${name}`).map((child) => `${name}/${child}`));
    const { mode, mtimeMs } = lstatRaw(`${stage}/new/${name}`)!;
    journal.dirs.push({ path: name, mode: mode & 0o7777, mtimeMs });
  }
  return journal;
}

type Site = { stage: RawPath; places: Places };

function takeOut({ outs, dirs }: Journal, { stage, places }: Site): void {
  // They get the mode of the checkpoint in the end.
  for (const { path } of dirs) {
    const place = `${places.work}/${path}`;
    if (lstatRaw(place)?.isDirectory() === true) fs.chmodSync(toNode(place), 0o700);
  }
  for (const [index, path] of outs.entries()) {
    const kept = `${stage}/old/${index}`;
    const place = `${places.work}/${path}`;
    if (lstatRaw(kept) === undefined && lstatRaw(place) !== undefined) renameRaw(place, kept);
  }
}

function bringIn({ ins, dirs }: Journal, { stage, places }: Site): void {
  for (const [index, path] of ins.entries()) {
    const fresh = `${stage}/new/${path}`;
    const place = `${places.work}/${path}`;
    if (lstatRaw(fresh) === undefined) continue;
    // Something that came since everything was moved out.
    if (lstatRaw(place) !== undefined) renameRaw(place, `${stage}/old/late-${index}`);
    renameRaw(fresh, place);
  }
  for (const { path, mode, mtimeMs } of dirs) {
    const place = toNode(`${places.work}/${path}`);
    if (lstatRaw(`${places.work}/${path}`)?.isDirectory() !== true) continue;
    fs.chmodSync(place, mode);
    fs.utimesSync(place, toSeconds(mtimeMs), toSeconds(mtimeMs));
  }
}
