import { bigEndian, bytesOf, pack } from "../bytes.ts";
import type { Material } from "../mutate.ts";
import { PLACEHOLDER, SECRET } from "../names.ts";

const MASK = [0x11, 0x22, 0x33, 0x44];
const FIN = 0x80;
const MASKED = 0x80;
/** Opcodes of RFC 6455 section 5.2. */
const OPCODE = { more: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

/** A frame of a client. */
function frame(opcode: number, payload: Uint8Array, fin = FIN): Uint8Array {
  const length = payload.length < 126
    ? [payload.length | MASKED]
    : [126 | MASKED, ...bigEndian(payload.length, 2)];
  const masked = payload.map((byte, index) => byte ^ MASK[index % 4]!);
  return pack(fin | opcode, ...length, ...MASK, masked);
}

/** What a client sends once the connection is open. */
export const WEBSOCKET_MATERIAL: Material = {
  seeds: [
    frame(OPCODE.text, bytesOf("hello")),
    frame(OPCODE.binary, bytesOf("x".repeat(300))),
    pack(frame(OPCODE.text, bytesOf("one "), 0), frame(OPCODE.more, bytesOf("two"))),
    frame(OPCODE.ping, bytesOf("ping")),
    frame(OPCODE.text, bytesOf(`{"token":"${PLACEHOLDER}"}`)),
    frame(OPCODE.text, bytesOf(`{"token":"${SECRET}"}`)),
    pack(frame(OPCODE.text, bytesOf("bye")), frame(OPCODE.close, pack(0x03, 0xe8, "done"))),
  ],
  tokens: [
    frame(OPCODE.pong, bytesOf("")),
    frame(OPCODE.close, pack(0x03, 0xed)),
    pack(FIN | OPCODE.text, 127 | MASKED, 0, 0, 0, 1, 0, 0, 0, 0, ...MASK),
    pack(FIN | 0x70 | OPCODE.text, MASKED, ...MASK),
    pack(FIN | 3, MASKED, ...MASK),
    pack(0xff, 0xfe),
    frame(OPCODE.more, bytesOf("stray")),
    frame(OPCODE.ping, bytesOf("p".repeat(126))),
  ],
};
