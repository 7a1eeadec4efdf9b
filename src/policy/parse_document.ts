import type { PolicyDocument } from "./document.ts";
import { PLACEHOLDER_PATTERN } from "./protocol.ts";

/** Looks at one value and tells what is wrong with it, or with what is inside of it. */
type Check = (value: unknown, at: string) => string[];

const PLACEHOLDER = new RegExp(`^${PLACEHOLDER_PATTERN.source}$`);

const text = check("a string that is not empty", (value) => isText(value) && value !== "");
const anyText = check("a string", isText);
const flag = check("true or false", (value) => typeof value === "boolean");
const action = check(
  "off, flag or block",
  (value) => isText(value) && ["off", "flag", "block"].includes(value),
);
const count = check(
  "a whole number from 0",
  (value) => Number.isSafeInteger(value) && Number(value) >= 0,
);
const port = check(
  "a number from 1 to 65535",
  (value) => Number.isInteger(value) && Number(value) > 0 && Number(value) < 65536,
);
const positive = check(
  "a number greater than 0",
  (value) => Number.isFinite(value) && Number(value) > 0,
);
const placeholder = check("a placeholder", (value) => isText(value) && PLACEHOLDER.test(value));

const rule = object({
  rule: (value, at) => typeof value === "string" ? text(value, at) : ruleObject(value, at),
  origin: text,
});
const ruleObject = object({ dest: text }, {
  ports: list(port),
  methods: list(text),
  paths: list(text),
});

const inspect = object({
  secrets: action,
  entropy: action,
  contentType: action,
  body: action,
  bodyLimit: count,
  websocket: action,
  hosts: list(text),
});

const rate = object({ perSecond: positive, burst: positive });

/** The value of a secret is never part of a problem, whatever is wrong with it. */
const secret = object({ name: text, placeholder, value: text, to: list(text), body: flag });

const document = object({
  schema: check("1", (value) => value === 1),
  version: count,
  allow: list(rule),
  block: list(rule),
  passthrough: list(text),
  inspect,
  rate: (value, at) => value === null ? [] : rate(value, at),
  secrets: list(secret),
  inspectors: list(object({ name: text, source: anyText })),
});

/**
 * Checks what came over the wire: every key known and there, every value of its type. Each problem
 * starts with its path: `allow[3].origin: must be a string that is not empty`.
 */
export function parseDocument(
  value: unknown,
): { ok: true; document: PolicyDocument } | { ok: false; problems: string[] } {
  const problems = document(value, "");
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, document: value as PolicyDocument };
}

function check(wanted: string, isRight: (value: unknown) => boolean): Check {
  return (value, at) => isRight(value) ? [] : [`${at || "document"}: must be ${wanted}`];
}

function list(item: Check): Check {
  return (value, at) => {
    if (!Array.isArray(value)) return [`${at}: must be a list`];
    return value.flatMap((one, index) => item(one, `${at}[${index}]`));
  };
}

function object(required: Record<string, Check>, optional: Record<string, Check> = {}): Check {
  const checks = new Map(Object.entries({ ...required, ...optional }));
  return (value, at) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return [`${at || "document"}: must be an object`];
    }
    const place = (key: string) => at === "" ? key : `${at}.${key}`;
    const missing = Object.keys(required).filter((key) => !Object.hasOwn(value, key));
    const problems = missing.map((key) => `${place(key)}: is missing`);
    for (const [key, one] of Object.entries(value)) {
      problems.push(...checks.get(key)?.(one, place(key)) ?? [`${place(key)}: is not known`]);
    }
    return problems;
  };
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
