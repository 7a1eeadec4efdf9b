import v1 from "@agentclientprotocol/sdk/schema/v1/schema.json" with { type: "json" };
import v2 from "@agentclientprotocol/sdk/schema/v2/schema.json" with { type: "json" };
import { Ajv2020 } from "ajv/dist/2020.js";

// Its number formats say how wide a number is; nothing here is near their edge.
const ajv = new Ajv2020({ strict: false, validateFormats: false });
const validators = { 1: ajv.compile(v1), 2: ajv.compile(v2) };

/** What is wrong with a line by the schema of the protocol; nothing when it is valid. */
export function findSchemaProblem(line: string, version: 1 | 2): string | undefined {
  const validate = validators[version];
  return validate(JSON.parse(line)) ? undefined : ajv.errorsText(validate.errors);
}
