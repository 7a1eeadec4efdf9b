import { formatFrame } from "./conversation.ts";
import { type Dialect, findKey, routeRequest } from "./dialect.ts";

/** What the server saw of one request. Keys are those of a test; nothing is written anywhere. */
export type RecordedRequest = {
  method: string;
  path: string;
  dialect?: Dialect;
  key?: string;
  model?: string;
  tools: string[];
  /** Address the request came from. */
  from: string;
  status: number;
};

/** A running server; disposing it closes the port. */
export type ModelServer = AsyncDisposable & {
  /** Base URL without a trailing slash. */
  url: string;
  /** Every request so far, oldest first. */
  requests: readonly RecordedRequest[];
};

/** Where to listen; port 0 takes a free one. */
export type ModelServerOptions = { hostname: string; port: number };

/**
 * Starts the scripted model server.
 *
 * @throws {Deno.errors.AddrInUse} If the port is taken.
 */
export function startModelServer(options: ModelServerOptions): Promise<ModelServer> {
  const requests: RecordedRequest[] = [];
  const server = Deno.serve(
    { hostname: options.hostname, port: options.port, onListen: () => {} },
    async (request, info) => {
      const { response, record } = await answer(request);
      requests.push({ ...record, from: info.remoteAddr.hostname });
      return response;
    },
  );
  return Promise.resolve({
    url: `http://${options.hostname}:${server.addr.port}`,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  });
}

async function answer(
  request: Request,
): Promise<{ response: Response; record: Omit<RecordedRequest, "from"> }> {
  const url = new URL(request.url);
  const record = {
    method: request.method,
    path: url.pathname,
    key: findKey(request.headers, url.searchParams),
    tools: [],
  };
  if (request.method === "HEAD") {
    return { response: new Response(null), record: { ...record, status: 200 } };
  }
  const routed = routeRequest(url.pathname, await readJson(request));
  if (routed === undefined) {
    const error = { type: "not_found_error", message: `No endpoint ${url.pathname}` };
    return {
      response: Response.json({ error }, { status: 404 }),
      record: { ...record, status: 404 },
    };
  }
  const response = routed.answer.kind === "json"
    ? Response.json(routed.answer.body)
    : new Response(routed.answer.frames.map(formatFrame).join(""), {
      headers: { "content-type": "text/event-stream", "cache-control": "no-cache" },
    });
  return {
    response,
    record: {
      ...record,
      status: 200,
      dialect: routed.dialect,
      model: routed.conversation?.model,
      tools: routed.conversation?.tools.map((tool) => tool.name) ?? [],
    },
  };
}

/** The body as JSON; an empty or malformed one reads as nothing asked. */
async function readJson(request: Request): Promise<unknown> {
  const text = await request.text();
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
