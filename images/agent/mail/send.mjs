#!/opt/cage/node/bin/node
// cage-send: tells something to whoever gave the task.
import * as fs from "node:fs";
import { fail, findBox, openBox, print, send } from "./box.mjs";
import { findProblem, TYPES } from "./envelope.mjs";

const FROM_CAGE = Object.entries(TYPES).filter(([, { from }]) => from === "cage");

function formatUsage() {
  const width = Math.max(...FROM_CAGE.map(([type]) => type.length));
  const rows = FROM_CAGE.map(([type, { needs, takes }]) => {
    const fields = [...Object.keys(needs), ...Object.keys(takes).map((name) => `[${name}]`)];
    return `  ${type.padEnd(width)}  ${fields.join(", ")}`;
  });
  return [
    "Usage: cage-send TYPE JSON",
    "       cage-send TYPE --file FILE",
    "       cage-send TYPE -              the JSON comes from stdin",
    "",
    "Types, and the fields of their JSON:",
    ...rows,
    "",
    "Example:",
    `  cage-send task_complete '{"summary": "all tests pass", "exit_code": 0}'`,
    "",
    "Ends with 0 when it is sent, 2 when it is no such message, 1 when it cannot be sent.",
  ].join("\n");
}

function refuse(problem) {
  fail(
    `cage-send: ${problem}\nRun: cage-send --help`,
    { code: 2 },
  );
}

function readPayload([word, ...more]) {
  if (word === "--file") {
    if (more.length !== 1) refuse("--file takes the name of one file");
    try {
      return fs.readFileSync(more[0], "utf8");
    } catch (error) {
      refuse(`cannot read ${JSON.stringify(more[0])}: ${error.message}`);
    }
  }
  if (more.length > 0) refuse("there is more than one payload: quote the JSON");
  if (word === "-") return fs.readFileSync(0, "utf8");
  return word;
}

function main(args) {
  const [type, ...rest] = args;
  if (type === "--help" || type === "-h") return print(`${formatUsage()}\n`);
  if (type === undefined) refuse("say which type of message");
  if (TYPES[type]?.from === "outside") refuse(`${type} is sent to you, not by you`);
  if (rest.length === 0 && type !== "going_idle") refuse("the JSON of the payload is missing");
  const text = rest.length === 0 ? "{}" : readPayload(rest);
  let payload;
  try {
    payload = JSON.parse(text);
  } catch (error) {
    refuse(`the payload is no JSON: ${error.message}`);
  }
  const problem = findProblem(type, payload);
  if (problem !== undefined) refuse(problem);
  try {
    print(`sent ${type} ${send(openBox(findBox()), { type, payload }).id}\n`);
  } catch (error) {
    fail(`cage-send: ${error.message}`, { code: 1 });
  }
}

main(process.argv.slice(2));
