import assert from "node:assert/strict";
import { parse } from "yaml";

type Step = {
  name?: string;
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
  env?: Record<string, string>;
};
type Job = {
  "runs-on": string;
  needs?: string | string[];
  permissions?: Record<string, string>;
  strategy?: { matrix: { os?: string[]; include?: Record<string, string>[] } };
  "timeout-minutes"?: number;
  steps: Step[];
};
type Workflow = {
  permissions: Record<string, string>;
  env: Record<string, string>;
  jobs: Record<string, Job>;
};

const ROOT = new URL("../../", import.meta.url);
const readRoot = (path: string) => Deno.readTextFileSync(new URL(path, ROOT));
const texts = {
  ci: readRoot(".github/workflows/ci.yml"),
  release: readRoot(".github/workflows/release.yml"),
};
const workflows = {
  ci: parse(texts.ci) as Workflow,
  release: parse(texts.release) as Workflow,
};

/** Each target of `deno compile`, the file users download, and the system that runs it. */
const TARGETS: [target: string, file: string, runner: RegExp][] = [
  ["x86_64-unknown-linux-gnu", "sandcage-linux-x64", /^ubuntu-[\d.]+$/],
  ["aarch64-unknown-linux-gnu", "sandcage-linux-arm64", /^ubuntu-[\d.]+-arm$/],
  ["x86_64-apple-darwin", "sandcage-macos-x64", /^macos-\d+-intel$/],
  ["aarch64-apple-darwin", "sandcage-macos-arm64", /^macos-\d+$/],
  ["x86_64-pc-windows-msvc", "sandcage-windows-x64.exe", /^windows-\d+$/],
  ["aarch64-pc-windows-msvc", "sandcage-windows-arm64.exe", /^windows-\d+-arm$/],
];

function job(workflow: keyof typeof workflows, name: string): Job {
  const found = workflows[workflow].jobs[name];
  assert.ok(found, `${workflow}.yml has a job ${name}`);
  return found;
}

function scripts(of: Job): string {
  return of.steps.map((step) => step.run ?? "").join("\n");
}

for (const [name, workflow] of Object.entries(workflows)) {
  const text = texts[name as keyof typeof texts];

  Deno.test(`${name}.yml pins every action to a commit and names its version`, () => {
    const uses = text.split("\n").filter((line) => /^\s*(- )?uses:/.test(line));
    assert.ok(uses.length > 0);
    for (const line of uses) {
      assert.match(line, /uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
  });

  Deno.test(`${name}.yml pins one action to one commit everywhere`, () => {
    const pins = new Map<string, string>();
    for (const [, action = "", pin = ""] of text.matchAll(/uses: ([\w/-]+)@(.+)$/gm)) {
      assert.equal(pins.get(action) ?? pin, pin);
      pins.set(action, pin);
    }
  });

  Deno.test(`${name}.yml may read the repository and nothing else by default`, () => {
    assert.deepEqual(workflow.permissions, { contents: "read" });
  });

  Deno.test(`${name}.yml leaves no token in a checkout`, () => {
    for (const of of Object.values(workflow.jobs)) {
      for (const step of of.steps.filter((one) => one.uses?.startsWith("actions/checkout@"))) {
        assert.equal(step.with?.["persist-credentials"], false);
      }
    }
  });

  Deno.test(`${name}.yml expands nothing inside a script, where it could inject commands`, () => {
    for (const of of Object.values(workflow.jobs)) assert.doesNotMatch(scripts(of), /\$\{\{/);
  });

  Deno.test(`${name}.yml bounds every job in time`, () => {
    for (const of of Object.values(workflow.jobs)) assert.ok(of["timeout-minutes"]);
  });

  Deno.test(`${name}.yml uses the Deno version of the README and of .ci/run`, () => {
    const version = workflow.env.DENO_VERSION;
    for (const file of ["README.md", ".ci/run", "CONTRIBUTING.md"]) {
      const named = [...readRoot(file).matchAll(/deno@(\d+\.\d+\.\d+)/g)].map((match) => match[1]);
      assert.ok(file !== "README.md" || named.length > 0);
      assert.deepEqual([...new Set(named)], named.length === 0 ? [] : [version], file);
    }
    for (const of of Object.values(workflow.jobs)) {
      for (const step of of.steps.filter((one) => one.uses?.startsWith("denoland/setup-deno@"))) {
        assert.equal(step.with?.["deno-version"], "${{ env.DENO_VERSION }}");
      }
    }
  });
}

Deno.test("ci.yml checks and unit-tests on three systems and runs everything on Linux", () => {
  const check = job("ci", "check");
  assert.deepEqual(
    check.strategy?.matrix.os?.map((os) => os.split("-")[0]),
    ["ubuntu", "macos", "windows"],
  );
  assert.match(scripts(check), /^deno task check$/m);
  assert.match(scripts(check), /^deno task test:unit$/m);
  assert.match(job("ci", "engine")["runs-on"], /^ubuntu-/);
  assert.match(scripts(job("ci", "engine")), /^\.ci\/run$/m);
});

Deno.test("release.yml compiles exactly the six targets", () => {
  const compiled = [
    ...scripts(job("release", "compile")).matchAll(/\w+-(?:unknown|apple|pc)-[\w-]+/g),
  ]
    .map((match) => match[0]);
  assert.deepEqual(compiled.sort(), TARGETS.map(([target]) => target).sort());
});

for (const [target, file, runner] of TARGETS) {
  Deno.test(`release.yml smokes ${file} on the system it is for`, () => {
    const rows = job("release", "smoke").strategy?.matrix.include ?? [];
    const row = rows.find((one) => one.target === target);
    assert.equal(row?.file, file);
    assert.match(row?.runner ?? "", runner);
  });
}

Deno.test("release.yml smokes nothing that is not compiled", () => {
  assert.equal(job("release", "smoke").strategy?.matrix.include?.length, TARGETS.length);
  assert.match(scripts(job("release", "smoke")), /tools\/smoke\.sh/);
});

Deno.test("release.yml publishes only what was smoked, as the only job that may write", () => {
  assert.equal(job("release", "smoke").needs, "compile");
  assert.deepEqual(job("release", "publish").needs, ["compile", "smoke"]);
  for (const [name, of] of Object.entries(workflows.release.jobs)) {
    const want = name === "publish"
      ? { contents: "write", "id-token": "write", attestations: "write" }
      : undefined;
    assert.deepEqual(of.permissions, want, name);
  }
  for (const of of Object.values(workflows.ci.jobs)) assert.equal(of.permissions, undefined);
});

Deno.test("release.yml verifies the sums and attests before it drafts, and publishes last", () => {
  const steps = job("release", "publish").steps.map((step) => step.uses ?? step.run ?? "");
  const order = [
    /download-artifact@/,
    /sha256sum --check --strict/,
    /attest-build-provenance@/,
    /gh release create .*--draft[\s\S]*gh release edit .*--draft=false/,
  ].map((pattern) => steps.findIndex((step) => pattern.test(step)));
  assert.ok(!order.includes(-1), order.join());
  assert.deepEqual(order, order.toSorted((a, b) => a - b));
});

Deno.test("the installers ask for the very files that are released", () => {
  assert.match(readRoot("install.sh"), /asset="sandcage-\$os-\$arch"/);
  assert.match(readRoot("install.ps1"), /\$asset = "sandcage-windows-\$arch\.exe"/);
});
