import { Buffer } from "node:buffer";
import { type HostPattern, isHostMatch } from "../../policy/host.ts";
import { escapeJson, escapeUrl } from "./needles.ts";
import { compileReplacer, type Replacer } from "./replacer.ts";
import type { CompiledSecret } from "./scanner.ts";
import { isBelow, TOKEN_PATTERNS, type TokenPattern } from "./tokens.ts";

/** A secret and where it may go. */
export type RoutedSecret = CompiledSecret & { to: readonly HostPattern[] };

/** How a value is written into a body. */
export type BodySyntax = "json" | "form" | "plain";

/** All that depends on the host alone, worked out once for each. */
export type HostContext = {
  host: string;
  /** Secrets that may be sent there. */
  own: ReadonlySet<CompiledSecret>;
  /** Tokens that are at home there. */
  homeTokens: ReadonlySet<TokenPattern>;
  /** Real values to placeholders, in all forms; `null` when none may be sent there. */
  scrubber: Replacer | null;
  /** Placeholders to real values in bodies; `null` when there are none. */
  injector(syntax: BodySyntax): Replacer | null;
};

/** Hosts remembered; a wildcard can bring in any number. */
const MOST_HOSTS = 1024;

/** Replacers of one set of secrets; many hosts share one, and each has large tables. */
type Replacers = Pick<HostContext, "own" | "scrubber" | "injector">;

/** Makes the look-up of host contexts. */
export function compileHosts(secrets: readonly RoutedSecret[]): (host: string) => HostContext {
  const contexts = new Map<string, HostContext>();
  const shared = new Map<string, Replacers>();
  return (host) => {
    const known = contexts.get(host);
    if (known !== undefined) return known;
    const own = secrets.filter(({ to }) => to.some((pattern) => isHostMatch(pattern, host)));
    const key = own.map(({ placeholder }) => placeholder).join();
    const replacers = shared.get(key) ?? compileReplacers(own);
    shared.set(key, replacers);
    const homeTokens = new Set(TOKEN_PATTERNS.filter(({ home }) => isBelow(host, home)));
    const context = { host, homeTokens, ...replacers };
    if (contexts.size >= MOST_HOSTS) contexts.clear();
    contexts.set(host, context);
    return context;
  };
}

function compileReplacers(own: readonly RoutedSecret[]): Replacers {
  const inBody = own.filter(({ body }) => body);
  const injectors = new Map<BodySyntax, Replacer>();
  return {
    own: new Set(own),
    scrubber: own.length === 0 ? null : compileReplacer(own.flatMap(({ needles }) => needles)),
    injector(syntax) {
      if (inBody.length === 0) return null;
      const injector = injectors.get(syntax) ?? compileReplacer(inBody.map((secret) => ({
        bytes: Buffer.from(secret.placeholder, "latin1"),
        replacement: Buffer.from(escapeValue(secret.value, syntax), "utf8"),
      })));
      injectors.set(syntax, injector);
      return injector;
    },
  };
}

function escapeValue(value: string, syntax: BodySyntax): string {
  switch (syntax) {
    case "json":
      return escapeJson(value);
    case "form":
      return escapeUrl(value);
    case "plain":
      return value;
    default:
      return unreachable(syntax);
  }
}

function unreachable(value: never): never {
  throw new Error(`Unknown syntax: ${value}`);
}
