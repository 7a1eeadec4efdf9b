import { BLOCK_BYTES, FIELD } from "../../src/tree/tar_header.ts";
import { bytesOf } from "./bytes.ts";

/** A tar stream whose blocks that look like headers have right sums: a reader looks further then. */
export function repairSums(stream: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const repaired = stream.slice();
  const [magic] = FIELD.magic;
  const [start, length] = FIELD.checksum;
  for (let at = 0; at + BLOCK_BYTES <= repaired.length; at += BLOCK_BYTES) {
    const block = repaired.subarray(at, at + BLOCK_BYTES);
    if (block[magic] !== 0x75 || block[magic + 1] !== 0x73) continue;
    block.fill(0x20, start, start + length);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.set(bytesOf(`${sum.toString(8).padStart(6, "0")}\0 `), start);
  }
  return repaired;
}
