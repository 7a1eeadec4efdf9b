import type { Host } from "../../../src/host.ts";
import type { Io } from "../../../src/io.ts";

/** A temporary directory tree that goes away by itself. */
export type Sandbox = AsyncDisposable & {
  project: string;
  host: Host;
  write(name: string, content: string | Uint8Array): Promise<string>;
  writeUser(content: string | Uint8Array): Promise<void>;
};

/** A project, a home and a state directory of a test's own. */
export async function makeSandbox(): Promise<Sandbox> {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "sandcage-config-" }));
  const [project, home] = [`${root}/project`, `${root}/home`];
  const stateDir = `${home}/.sandcage`;
  await Deno.mkdir(project);
  await Deno.mkdir(stateDir, { recursive: true });
  const host: Host = {
    platform: "linux",
    arch: "x86_64",
    env: {},
    cwd: project,
    home,
    stateDir,
    user: { name: "tester", uid: 1000, gid: 1000 },
    tty: { stdin: false, stdout: false, stderr: false },
  };
  const put = async (path: string, content: string | Uint8Array) => {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(path, bytes);
    return path;
  };
  return {
    project,
    host,
    write: (name, content) => put(`${project}/${name}`, content),
    writeUser: async (content) => void await put(`${stateDir}/config.toml`, content),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

/** An Io that records, and answers every question the same way; `undefined` forbids questions. */
export function recordIo(
  answer?: boolean,
): Io & { said: string[]; printed: string[]; asked: number } {
  const io = {
    said: [] as string[],
    printed: [] as string[],
    asked: 0,
    out: (text: string) => void io.printed.push(text),
    talk: (text: string) => void io.said.push(text),
    warn: (text: string) => void io.said.push(text),
    progress: () => ({ update() {}, done() {}, [Symbol.dispose]() {} }),
    confirm: () => {
      if (answer === undefined) throw new Error("Nobody may be asked in this test");
      io.asked++;
      return Promise.resolve(answer);
    },
    interactive: answer !== undefined,
    color: false,
  };
  return io;
}
