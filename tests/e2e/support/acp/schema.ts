import v1 from "@agentclientprotocol/sdk/schema/v1/schema.json" with { type: "json" };
import v2 from "@agentclientprotocol/sdk/schema/v2/schema.json" with { type: "json" };
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

/** Both versions of the protocol, as its own schema has them. */
const SCHEMAS = { 1: v1, 2: v2 };

/** Whose message it is. */
export type Sender = "client" | "agent";

/** A message as far as it is read here. */
type Message = { id?: unknown; method?: string; params?: unknown; result?: unknown };

/** Every message of one conversation, in order, held against the schema of the protocol. */
export type SchemaCheck = {
  /** What is wrong with a line; nothing when it is valid. */
  findProblem(line: string, from: Sender): string | undefined;
};

// Its number formats say how wide a number is; nothing here is near their edge.
const ajv = new Ajv2020({ strict: false, validateFormats: false });
for (const [version, schema] of Object.entries(SCHEMAS)) ajv.addSchema(schema, `v${version}`);

/**
 * Checks the lines of one conversation. The schema as a whole lets any value pass for what an
 * extension might send: the envelope is checked by it, and what is in a method of the protocol by
 * that method's own definition. A response is that to the request with its id.
 */
export function checkSchema(version: 1 | 2): SchemaCheck {
  const asked = new Map<string, string>();
  const other = (side: Sender) => side === "client" ? "agent" : "client";
  return {
    findProblem(line, from) {
      const message: Message = JSON.parse(line);
      const envelope = findValidator(version, `/anyOf/${from === "agent" ? 0 : 1}`);
      if (!envelope(message)) return `${line}: ${ajv.errorsText(envelope.errors)}`;
      const { id, method, params, result } = message;
      if (method !== undefined && id !== undefined) asked.set(`${from} ${id}`, method);
      const about = method ?? asked.get(`${other(from)} ${id}`);
      if (about === undefined) return id === null ? undefined : `${line}: answers nothing`;
      // Extensions are their own business; an error's shape is the envelope's.
      if (about.startsWith("_") || "error" in message) return undefined;
      const kind = method === undefined
        ? "Response"
        : id === undefined
        ? "Notification"
        : "Request";
      const name = findDefinition(version, { method: about, kind });
      if (name === undefined) return `${line}: no ${kind} of ${about} in version ${version}`;
      const validate = findValidator(version, `/$defs/${name}`);
      if (validate(method === undefined ? result : params)) return undefined;
      return `${line}: ${ajv.errorsText(validate.errors)}`;
    },
  };
}

function findValidator(version: 1 | 2, place: string): ValidateFunction {
  const validate = ajv.getSchema(`v${version}#${place}`);
  if (validate === undefined) throw new Error(`The schema has nothing at ${place}`);
  return validate;
}

function findDefinition(
  version: 1 | 2,
  wanted: { method: string; kind: "Request" | "Response" | "Notification" },
): string | undefined {
  const found = Object.entries<object>(SCHEMAS[version].$defs).find(([name, definition]) =>
    name.endsWith(wanted.kind) && "x-method" in definition &&
    definition["x-method"] === wanted.method
  );
  return found?.[0];
}
