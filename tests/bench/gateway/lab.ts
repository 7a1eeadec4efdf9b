import { join } from "node:path";
import { createAuthority } from "./certificates.ts";
import { startResolver } from "./resolver.ts";

/** Loopback addresses, one for each program, so that all may use the ports users use. */
export const ADDRESS = {
  splice: "127.77.0.2",
  terminate: "127.77.0.6",
  /** nginx: small answers and a large file. */
  files: "127.77.0.3",
  /** Takes uploads, sends events. */
  streams: "127.77.0.4",
  mitmdump: "127.77.0.5",
  /** Nobody: a gateway wants to know its agent. */
  agent: "127.77.0.9",
} as const;

/** Names of the origins. */
export const NAME = { files: "files.bench.test", streams: "streams.bench.test" } as const;

/** Size of the large bodies in bytes. */
export const LARGE_BYTES = 100 * 1024 * 1024;

/** What all programs of one run of the benchmarks share. */
export type Lab = AsyncDisposable & {
  dir: string;
  /** PEM files of the origins. */
  certificate: string;
  key: string;
  /** PEM of the authority that signed them. */
  authority: string;
  /** JSON text of {@link LARGE_BYTES}. */
  large: string;
  /** A DNS server for the names, as `address:port`. */
  resolver: string;
};

/** Makes the files and the name server; removes them in the end. */
export async function makeLab(): Promise<Lab> {
  const dir = await Deno.makeTempDir({ prefix: "sandcage-bench-" });
  // nginx changes its user.
  await Deno.chmod(dir, 0o755);
  const authority = await createAuthority(Object.values(NAME));
  const paths = {
    dir,
    certificate: join(dir, "origin.pem"),
    key: join(dir, "origin.key"),
    large: join(dir, "large"),
  };
  await Deno.writeTextFile(paths.certificate, authority.certificate);
  await Deno.writeTextFile(paths.key, authority.key);
  await writeLarge(paths.large);
  const resolver = await startResolver(
    new Map([[NAME.files, ADDRESS.files], [NAME.streams, ADDRESS.streams]]),
  );
  return {
    ...paths,
    authority: authority.root,
    resolver: resolver.address,
    async [Symbol.asyncDispose]() {
      await resolver.close();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

/** Text like what agents send: a repeated block would let an inspector look lucky. */
async function writeLarge(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  let written = 0;
  for (let index = 0; written < LARGE_BYTES; index++) {
    const lines: string[] = [];
    for (let line = 0; line < 1000; line++) {
      const number = index * 1000 + line;
      lines.push(
        `{"role":"user","content":[{"type":"text","text":"line ${number}: const value${number} = ` +
          `await read(path_${number * 7919 % 10007}, { signal, timeoutMs: ${number % 997} });"}]}`,
      );
    }
    const bytes = new TextEncoder().encode(lines.join("\n") + "\n");
    const part = bytes.subarray(0, LARGE_BYTES - written);
    for (let at = 0; at < part.length;) at += await file.write(part.subarray(at));
    written += part.length;
  }
}
