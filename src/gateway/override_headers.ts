import type { RequestHead } from "./context.ts";

/** Headers by which some server takes a request for one of another method. */
const METHOD = [
  "x-forwarded-method",
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
  "x-original-method",
];
/** Headers by which some server takes a request for one of another path. */
const PATH = [
  "x-envoy-original-path",
  "x-forwarded-uri",
  "x-original-uri",
  "x-original-url",
  "x-override-url",
  "x-rewrite-url",
];
const OVERRIDES: ReadonlySet<string> = new Set([...METHOD, ...PATH]);
const PARAMETER = "_method";

/**
 * What of a request's head names another method or path than its own, in words: a header, which a
 * server may also know with underscores, or the parameter `_method`. A form field of that name is in
 * the body, which nobody looks at for it.
 */
export function findOverride({ headers, target }: RequestHead): string | undefined {
  for (const [name] of headers) {
    const plain = name.toLowerCase().replaceAll("_", "-");
    if (OVERRIDES.has(plain)) return `header ${name.toLowerCase()}`;
  }
  const query = target.indexOf("?");
  if (query === -1) return undefined;
  for (const name of new URLSearchParams(target.slice(query)).keys()) {
    // PHP knows these characters in names as underscores.
    if (name.replace(/[. [+]/g, "_") === PARAMETER) return `parameter ${PARAMETER}`;
  }
  return undefined;
}
