import { createSocket, type Socket } from "node:dgram";
import { NAMES } from "../names.ts";
import { formatQuery } from "../seeds/dns.ts";
import { expect } from "../target.ts";
import { ADDRESS } from "./network.ts";

/** Longest wait for an answer that must come, in milliseconds. */
const PATIENCE_MS = 5_000;
/** Number of the control query, which no seed uses. */
const CONTROL_ID = 0xc0de;

/**
 * Sends one datagram and behind it a question that must be answered: datagrams are handled in order,
 * so that answer says that the first was dealt with.
 *
 * @throws {Error} If it is not answered, or the first got more than one answer or a long one.
 */
export async function askUdp(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const socket = createSocket("udp4");
  try {
    const answers = await collect(socket, bytes);
    expect(answers.length <= 2, "one datagram gets at most one answer");
    for (const answer of answers) {
      expect(
        answer.length <= 512 || answer.length <= bytes.length + 32,
        "no answer is an amplifier",
      );
    }
  } finally {
    socket.close();
  }
}

/** Everything that comes up to the answer to the control, which is the last. */
function collect(socket: Socket, bytes: Uint8Array): Promise<Uint8Array[]> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array[]>();
  const answers: Uint8Array[] = [];
  const timer = setTimeout(() => reject(new Error("DNS does not answer any more")), PATIENCE_MS);
  socket.on("error", reject);
  socket.on("message", (answer) => {
    answers.push(answer);
    if (((answer[0]! << 8) | answer[1]!) === CONTROL_ID) resolve(answers);
  });
  socket.bind(0, ADDRESS.agent, () => {
    socket.send(bytes, 53, ADDRESS.gateway);
    socket.send(formatQuery(NAMES.allowed, { id: CONTROL_ID }), 53, ADDRESS.gateway);
  });
  return promise.finally(() => clearTimeout(timer));
}
