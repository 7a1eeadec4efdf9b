import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { EXIT, UserError } from "../../errors.ts";
import { ensurePrivateDir, isFile, removeIfPresent } from "../../files.ts";
import type { Io } from "../../io.ts";
import { archivePath, installedPath } from "../../service/installed.ts";
import { describeFetchError, fetchPieces, formatMib } from "./fetch.ts";

/** Largest archive that is fetched: agents with a runtime of their own have 100 to 300 MiB. */
const ARCHIVE_BYTES_MAX = 1024 * 1024 * 1024;

/** An archive to fetch, and what is known of it. */
export type ArchiveRequest = {
  id: string;
  url: string;
  /** What the registry says. */
  sha256?: string;
  /** What the first download of this address had. */
  pinned?: string;
  /** Take it although nobody vouches for it, and pin what comes. */
  allowUnverified: boolean;
};

/** What fetching needs. */
export type FetchArchiveOptions = {
  stateDir: string;
  io: Pick<Io, "progress">;
  /** Certificate authorities that count besides the public ones, PEM. */
  ca?: readonly string[];
  signal?: AbortSignal;
};

/** An archive that lies in its place. */
export type VerifiedArchive = { sha256: string; verified: "registry" | "first-use" };

/**
 * Fetches an archive, verifies it and puts it where {@link archivePath} says. What is not what was
 * promised never lies there, not for a moment.
 *
 * @throws {UserError} Code `denied`, if nobody vouches for it or the checksum is another one; code
 *   `failed`, if it cannot be fetched.
 */
export async function fetchArchive(
  request: ArchiveRequest,
  options: FetchArchiveOptions,
): Promise<VerifiedArchive> {
  const { stateDir } = options;
  const promised = request.sha256 ?? request.pinned;
  if (promised === undefined && !request.allowUnverified) throw unverified(request);
  const verified = request.sha256 === undefined ? "first-use" : "registry";
  if (promised !== undefined && isFile(archivePath(stateDir, promised))) {
    return { sha256: promised, verified };
  }
  const temporary = join(dirname(archivePath(stateDir, "-")), `.${crypto.randomUUID()}.part`);
  await ensurePrivateDir(dirname(temporary));
  try {
    const sha256 = await download(request, { ...options, to: temporary });
    if (promised !== undefined && sha256 !== promised) {
      throw mismatch(request, { stateDir, sha256, promised });
    }
    await Deno.rename(temporary, archivePath(stateDir, sha256));
    return { sha256, verified };
  } finally {
    await removeIfPresent(temporary);
  }
}

/** @returns SHA-256 of what was written. */
async function download(
  { id, url }: ArchiveRequest,
  options: Omit<FetchArchiveOptions, "stateDir"> & { to: string },
): Promise<string> {
  const { io, to, signal, ca = [] } = options;
  using progress = io.progress(`Fetching ${id}`);
  const hash = createHash("sha256");
  using file = await Deno.open(to, { write: true, createNew: true, mode: 0o600 });
  const writer = file.writable.getWriter();
  try {
    const pieces = fetchPieces(url, {
      mostBytes: ARCHIVE_BYTES_MAX,
      ca,
      ...(signal === undefined ? {} : { signal }),
      onProgress: ({ received, total }) =>
        progress.update(
          total === undefined
            ? formatMib(received)
            : `${formatMib(received)} of ${formatMib(total)}`,
        ),
    });
    for await (const piece of pieces) {
      hash.update(piece);
      await writer.write(piece);
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw new UserError(`Cannot fetch ${url}: ${describeFetchError(error)}`, {
      hint: "Nothing was installed; try again",
      cause: error,
    });
  } finally {
    await writer.close().catch(() => {});
  }
  progress.done();
  return hash.digest("hex");
}

function unverified({ id, url }: ArchiveRequest): UserError {
  return new UserError(`Cannot verify "${id}": the registry has no checksum for ${url}`, {
    hint: "If you trust this address, install with --allow-unverified: what comes now is pinned, " +
      "and nothing else is taken from there later",
    exit: EXIT.denied,
    code: "denied",
  });
}

function mismatch(
  request: ArchiveRequest,
  found: { stateDir: string; sha256: string; promised: string },
): UserError {
  const { id, url } = request;
  const who = request.sha256 === undefined ? "the first download had" : "the registry says";
  return new UserError(
    `Refused "${id}": ${url} is not what it should be\n  ${who}: ${found.promised}\n` +
      `  what came has: ${found.sha256}`,
    {
      hint: request.sha256 === undefined
        ? "Ask the author whether the file was replaced. Only then take its line out of pins in " +
          installedPath(found.stateDir)
        : "The file was changed on the way, or the registry is behind; nothing was installed",
      exit: EXIT.denied,
      code: "denied",
    },
  );
}
