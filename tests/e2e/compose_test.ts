/** Compose itself accepts what sandcage generates, and reads back what was meant. */
import assert from "node:assert/strict";
import { run } from "../../src/engine/process.ts";
import { makeWorld } from "./support/world.ts";

const CASES = [
  { name: "defaults", config: "" },
  { name: "nonet", network: 'mode = "none"' },
  { name: "ports", config: 'ports = ["38181:3000"]\n' },
  { name: "limits", config: '[limits]\nmemory = "1.5GiB"\ncpus = 0.5\npids = 99\n' },
  {
    name: "masks",
    config: '[workspace]\nhide = [".env"]\nreadonly = ["docs/"]\ngit = "readonly"\n',
  },
  { name: "dollar", config: '[env]\nPRICE = "5$ ${HOME} $$"\n', projectName: "a $HOME 'q\"" },
  { name: "own", config: '[services.mine]\ncommand = ["sh", "-c", "echo $PWD"]\n' },
];

for (const { name, ...options } of CASES) {
  Deno.test(`compose reads the definition of ${name} as it was meant`, async () => {
    await using world = await makeWorld(`compose-${name}`, options);
    await world.write(".env", "A=1\n");
    await Deno.mkdir(`${world.project}/docs`);
    const shown = await world.sandcage(["config", "show", "--compose"]);
    assert.equal(shown.code, 0, shown.stderr);
    const path = `${world.root}/compose.yml`;
    await Deno.writeTextFile(path, shown.stdout);
    const args = ["compose", "--file", path, "config", "--format", "json"];
    const read = await run("docker", args, { timeoutMs: 30_000 });
    assert.equal(read.code, 0, read.stderr);
    const document = JSON.parse(read.stdout) as ComposeJson;
    const names = Object.keys(document.services).sort();
    const own = name === "own" ? ["mine"] : [];
    assert.deepEqual(names, ["claude", "codex", "gemini", ...own, "shell"]);
    for (const service of Object.values(document.services)) {
      assert.deepEqual([service.cap_drop, service.read_only, service.init], [["ALL"], true, true]);
      const binds = service.volumes.filter(({ type }) => type === "bind");
      assert.equal(undouble(binds[0]?.source), world.project);
    }
    if (name === "dollar") {
      assert.equal(undouble(document.services.shell?.environment.PRICE), "5$ ${HOME} $$");
    }
  });
}

/** Compose doubles every dollar when it prints a definition. */
function undouble(text: string | undefined): string | undefined {
  return text?.replaceAll("$$", () => "$");
}

type ComposeJson = {
  services: Record<string, {
    cap_drop: string[];
    read_only: boolean;
    init: boolean;
    environment: Record<string, string>;
    volumes: { type: string; source: string }[];
  }>;
};
