import process from "node:process";

/** What computes a hash as bytes come by, as `createHash("sha256")` of `node:crypto` does. */
export type TreeHash = {
  update(bytes: Uint8Array | string): TreeHash;
  digest(encoding: "hex" | "base64"): string;
};

/** Begins a SHA-256. `node:crypto` is loaded by the first: a comparison mostly needs none. */
export function createSha256(): TreeHash {
  crypto ??= process.getBuiltinModule("node:crypto");
  return crypto.createHash("sha256");
}

let crypto: ReturnType<typeof process.getBuiltinModule<"node:crypto">> | undefined;
