/**
 * A client of a courier that says how far it is and never comes to its end, to be killed:
 * `deno run courier_client.ts fill|change CAGE_NAME`.
 */
import { openCourier } from "../../../src/transfer/courier.ts";
import { createTarWriter } from "../../../src/tree/tar_write.ts";
import { findCopyCage } from "./copy_cage.ts";

const [operation, name] = Deno.args;
const cage = await findCopyCage(name!);
await using courier = await openCourier(cage);

async function* endless(): AsyncGenerator<Uint8Array> {
  const writer = createTarWriter();
  const contents = new Uint8Array(300_000).fill(7);
  for (let count = 0;; count++) {
    const path = count === 0 ? "seen" : `late-${count}`;
    const size = contents.length;
    yield writer.header({ path, kind: "file", mode: 0o644, size, mtimeMs: 1e12, ctimeMs: 0 });
    yield contents;
    yield writer.padding(size);
    await Deno.stdout.write(new TextEncoder().encode(`${count}\n`));
  }
}

if (operation === "fill") await courier.fill("project", endless());
else {
  await courier.change("project", {
    tar: endless(),
    bytes: 0,
    entries: 0,
    removes: ["old"],
    expected: [{ path: "seen", was: null }],
  });
}
