import { createHash } from "node:crypto";

/** A registry of the official format on loopback, and the files its entries point at. */
export type AgentsRegistry = AsyncDisposable & {
  /** Where files are: `${url}/name`. */
  url: string;
  /** For the environment of sandcage. */
  env: { SANDCAGE_ACP_REGISTRY: string };
  /** Paths that were asked for, oldest first. */
  asked: string[];
  /** Entries of the document; change them at will. */
  agents: unknown[];
  /** Answers by path, besides the document. */
  files: Map<string, Uint8Array<ArrayBuffer> | (() => Response)>;
  /** What is sent instead of the document. */
  broken: string | undefined;
};

/** Serves one. Where its builds must reach it, `hostname` is an address of a container network. */
export function serveAgents(options: { hostname?: string } = {}): AgentsRegistry {
  const { hostname = "127.0.0.1" } = options;
  const state: Pick<AgentsRegistry, "asked" | "agents" | "files" | "broken"> = {
    asked: [],
    agents: [],
    files: new Map(),
    broken: undefined,
  };
  const server = Deno.serve({ hostname, port: 0, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    state.asked.push(pathname);
    if (pathname === "/registry.json") return answerDocument(state, request);
    const file = state.files.get(pathname);
    if (file === undefined) return new Response("Not Found", { status: 404 });
    return typeof file === "function" ? file() : new Response(file);
  });
  const url = `http://${hostname}:${server.addr.port}`;
  return Object.assign(state, {
    url,
    env: { SANDCAGE_ACP_REGISTRY: `${url}/registry.json` },
    [Symbol.asyncDispose]: () => server.shutdown(),
  });
}

function answerDocument(
  state: Pick<AgentsRegistry, "agents" | "broken">,
  request: Request,
): Response {
  const text = state.broken ??
    JSON.stringify({ version: "1.0.0", agents: state.agents, extensions: [], later: true });
  const etag = `"${sha256(new TextEncoder().encode(text)).slice(0, 16)}"`;
  if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304 });
  return new Response(text, { headers: { etag, "content-type": "application/json" } });
}

/** SHA-256 as the registry gives it. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
