import assert from "node:assert/strict";
import * as fs from "node:fs";
import { readArchive } from "../../../src/courier/archive_read.ts";
import { archiveRepositories } from "../../../src/courier/git_archive.ts";

/** Archives the repositories of a tree and unpacks them elsewhere; answers with paths and texts. */
async function carry(
  make: (root: string) => void,
  options: { below?: "none" } = {},
): Promise<{ count: number; files: string[] }> {
  const dir = await Deno.makeTempDir();
  try {
    const [root, to, archive] = [`${dir}/root`, `${dir}/to`, `${dir}/archive`];
    for (const path of [root, to]) fs.mkdirSync(path);
    // It is unpacked where the directories are already, beside their files.
    for (const path of ["linked", "sub/deep"]) fs.mkdirSync(`${to}/${path}`, { recursive: true });
    make(root);
    const out = fs.openSync(archive, "wx");
    const write = (bytes: Uint8Array) => void fs.writeSync(out, bytes);
    const { repositories } = archiveRepositories(root, write, options);
    fs.closeSync(out);
    const fd = fs.openSync(archive, "r");
    readArchive(to, { fd });
    fs.closeSync(fd);
    const files = fs.readdirSync(to, { recursive: true, encoding: "utf8" })
      .filter((path) => !fs.lstatSync(`${to}/${path}`).isDirectory())
      .map((path) => {
        const mode = (fs.lstatSync(`${to}/${path}`).mode & 0o777).toString(8);
        return `${path} ${mode} ${fs.readFileSync(`${to}/${path}`, "utf8")}`;
      });
    return { count: repositories, files: files.sort() };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function write(path: string, text: string, mode = 0o644): void {
  fs.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  fs.writeFileSync(path, text);
  fs.chmodSync(path, mode);
}

Deno.test("every repository is in the archive as it is, and nothing else", async () => {
  const { count, files } = await carry((root) => {
    write(`${root}/.git/hooks/post-checkout`, "evil", 0o755);
    write(`${root}/.git/modules/.git/HEAD`, "inner");
    write(`${root}/sub/deep/.git/HEAD`, "ref");
    write(`${root}/linked/.git`, "gitdir: /etc");
    write(`${root}/work.txt`, "mine");
    fs.symlinkSync("sub", `${root}/.gitlink`);
    fs.symlinkSync(`${root}/sub`, `${root}/away`);
  });
  assert.equal(count, 3);
  assert.deepEqual(files, [
    ".git/hooks/post-checkout 755 evil",
    ".git/modules/.git/HEAD 644 inner",
    "linked/.git 644 gitdir: /etc",
    "sub/deep/.git/HEAD 644 ref",
  ]);
});

Deno.test("of all the work together only its own repository is taken", async () => {
  const { count, files } = await carry((root) => {
    write(`${root}/.git/HEAD`, "of all");
    write(`${root}/project/.git/HEAD`, "of one");
  }, { below: "none" });
  assert.deepEqual([count, files], [1, [".git/HEAD 644 of all"]]);
});

Deno.test("a tree without repositories has none, and its archive is whole", async () => {
  const { count, files } = await carry((root) => write(`${root}/a/b`, "x"));
  assert.deepEqual([count, files], [0, []]);
});
