/**
 * What the host sends to a gateway, as plain data: rules as written, secrets, what to look for. The
 * gateway compiles it (compile.ts) into an immutable policy and swaps it as a whole.
 */

/** One rule as configured; the grammar is in rule.ts. */
export type RuleSpec = {
  /** `api.example.com`, `*.example.com`, `host:8443`, a URL, an IP, a CIDR, or the object form. */
  rule: string | RuleObject;
  /** Where it comes from, for audit lines and denials: `network.allow[2]`, `preset npm`. */
  origin: string;
};

/** The object form of a rule. What is left out allows any. */
export type RuleObject = {
  dest: string;
  ports?: number[];
  methods?: string[];
  paths?: string[];
};

/** What an inspector does when it finds something. */
export type InspectAction = "off" | "flag" | "block";

/** What is looked for in what leaves the cage; sizes in bytes. */
export type InspectSpec = {
  /** Known token formats toward foreign hosts, and this session's real secrets in any encoding. */
  secrets: InspectAction;
  entropy: InspectAction;
  /** Content that is not what its type says, and long base64 runs. */
  contentType: InspectAction;
  body: InspectAction;
  /** Largest request body in bytes; `body` decides what happens beyond. */
  bodyLimit: number;
  websocket: InspectAction;
  /** Host patterns whose TLS is opened only to be inspected; `*` for every host. */
  hosts: string[];
};

/** A secret the agent knows only by its placeholder. */
export type SecretSpec = {
  /** Variable name, for messages; never the value. */
  name: string;
  placeholder: string;
  value: string;
  /** Host patterns it may be sent to. Never empty. */
  to: string[];
  /** Also replaced in request bodies. */
  body: boolean;
};

/** A user's own inspector: one ES module in JavaScript or TypeScript. */
export type InspectorSource = { name: string; source: string };

/** A token bucket for each host. */
export type RateSpec = { perSecond: number; burst: number };

/** Everything one gateway enforces. */
export type PolicyDocument = {
  schema: 1;
  /** Grows with every reload of one gateway. */
  version: number;
  allow: RuleSpec[];
  block: RuleSpec[];
  /** Host patterns whose TLS is never opened. */
  passthrough: string[];
  inspect: InspectSpec;
  rate: RateSpec | null;
  secrets: SecretSpec[];
  inspectors: InspectorSource[];
};
