import { UserError } from "../../errors.ts";

/** How long a server may take for a document, connection and body together, in milliseconds. */
const DOCUMENT_TIMEOUT_MS = 10_000;
/** How long an archive may go on without a byte, in milliseconds. */
const SILENCE_MS = 30_000;
/** Largest document that is read: the official one has about 60 KiB. */
const DOCUMENT_BYTES_MAX = 8 * 1024 * 1024;

/** What a server answered about a document. */
export type FetchedDocument =
  | { kind: "fresh"; text: string; etag?: string }
  /** It is still what the given ETag stands for. */
  | { kind: "unchanged" };

/**
 * Reads an address that things may be fetched from: https, or plain http on loopback.
 *
 * @throws {Error} With the reason in words.
 */
export function parseAddress(text: string): URL {
  if (!URL.canParse(text)) throw new Error(`${JSON.stringify(text)} is no address`);
  const url = new URL(text);
  if (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url))) return url;
  throw new Error(`${url.protocol}//${url.host} is not https`);
}

/** Whether an address is on this machine. */
export function isLoopback(url: URL): boolean {
  return ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
}

/**
 * Fetches a small document.
 *
 * @param options.etag Of the copy at hand.
 * @param options.ca Certificate authorities that count besides the public ones, PEM.
 * @throws {Error} If the server cannot be reached, refuses, or sends too much.
 */
export async function fetchDocument(
  address: string,
  options: { etag?: string; ca?: readonly string[]; signal?: AbortSignal } = {},
): Promise<FetchedDocument> {
  const url = parseAddress(address);
  using client = makeClient(options.ca);
  const response = await fetch(url, {
    client,
    headers: {
      accept: "application/json",
      ...(options.etag === undefined ? {} : { "if-none-match": options.etag }),
    },
    signal: AbortSignal.any([
      AbortSignal.timeout(DOCUMENT_TIMEOUT_MS),
      ...(options.signal === undefined ? [] : [options.signal]),
    ]),
  });
  if (response.status === 304 && options.etag !== undefined) {
    await response.body?.cancel();
    return { kind: "unchanged" };
  }
  await requireAnswer(response);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > DOCUMENT_BYTES_MAX) throw new Error("the answer is larger than 8 MiB");
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  const etag = response.headers.get("etag");
  return { kind: "fresh", text, ...(etag === null ? {} : { etag }) };
}

/** A download as it goes on. */
export type DownloadOptions = {
  /** Most bytes that are taken. */
  mostBytes: number;
  /** Certificate authorities that count besides the public ones, PEM. */
  ca?: readonly string[];
  signal?: AbortSignal;
  /** Told about each piece. */
  onProgress?: (bytes: { received: number; total?: number }) => void;
  /** Longest pause between two pieces, in milliseconds. Defaults to 30 000. */
  silenceMs?: number;
};

/**
 * Fetches a file of any size piece by piece.
 *
 * @throws {Error} If the server cannot be reached, refuses, falls silent, or sends too much.
 */
export async function* fetchPieces(
  address: string,
  options: DownloadOptions,
): AsyncGenerator<Uint8Array> {
  const { mostBytes, signal, onProgress, silenceMs = SILENCE_MS } = options;
  const url = parseAddress(address);
  const silence = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listen = () => {
    clearTimeout(timer);
    const reason = new Error(`nothing came for ${silenceMs / 1000} s`);
    timer = setTimeout(() => silence.abort(reason), silenceMs);
  };
  listen();
  using client = makeClient(options.ca);
  try {
    const response = await fetch(url, {
      client,
      signal: AbortSignal.any([silence.signal, ...(signal === undefined ? [] : [signal])]),
    });
    await requireAnswer(response);
    const declared = Number(response.headers.get("content-length") ?? Number.NaN);
    const total = Number.isFinite(declared) ? { total: declared } : {};
    let received = 0;
    for await (const piece of response.body ?? []) {
      listen();
      received += piece.length;
      if (received > mostBytes) throw new Error(`it is larger than ${formatMib(mostBytes)}`);
      onProgress?.({ received, ...total });
      yield piece;
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Formats a size for people: `12 MiB`. */
export function formatMib(bytes: number): string {
  return `${Math.ceil(bytes / 1024 / 1024)} MiB`;
}

/** Says in words why a fetch failed, whatever was thrown. */
export function describeFetchError(error: unknown): string {
  if (error instanceof UserError || !(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "it did not answer in time";
  const cause = error.cause instanceof Error ? error.cause.message : undefined;
  // The address is said already.
  return (cause ?? error.message).split("\n", 1)[0]!
    .replace(/^error sending request for url \([^)]*\): /, "");
}

function makeClient(ca: readonly string[] = []): Deno.HttpClient {
  return Deno.createHttpClient({ caCerts: [...ca] });
}

// Redirects are followed, and must not end where nobody proves who it is.
async function requireAnswer(response: Response): Promise<void> {
  try {
    if (response.url !== "") parseAddress(response.url);
    if (!response.ok) throw new Error(`it answered ${response.status}`);
  } catch (error) {
    await response.body?.cancel();
    throw error;
  }
}
