import assert from "node:assert/strict";
import { planNpmrc } from "../../../src/image/npmrc.ts";

const CASES: [string, string, Record<string, string>, string | undefined][] = [
  ["nothing when nothing is configured", "", {}, undefined],
  [
    "no token of the public registry",
    "//public.example/:_authToken=t\nfund=false\n",
    {},
    undefined,
  ],
  [
    "the registry and its login, nothing else",
    "registry = https://r.example/npm/\n//r.example/npm/:_authToken=t\n//other.example/:_authToken=u\ncafile=/x\n",
    {},
    "registry=https://r.example/npm/\n//r.example/npm/:_authToken=t\n",
  ],
  [
    "scoped registries with their logins",
    '@me:registry=https://s.example\n//s.example/:_password="p"\n',
    {},
    "@me:registry=https://s.example\n//s.example/:_password=p\n",
  ],
  [
    "the environment before the file",
    "registry=https://a.example/\n",
    { npm_config_registry: "https://b.example/" },
    "registry=https://b.example/\n",
  ],
  [
    "variables the file refers to, absent ones as they stand",
    "registry=https://r.example/\n//r.example/:_authToken=${TOKEN}\n//r.example/:_auth=${NONE}\n",
    { TOKEN: "t" },
    "registry=https://r.example/\n//r.example/:_authToken=t\n//r.example/:_auth=${NONE}\n",
  ],
  ["no comments", "# registry=https://r.example/\n; registry=https://r.example/\n", {}, undefined],
];

for (const [name, text, env, want] of CASES) {
  Deno.test(`planNpmrc() passes ${name}`, () => assert.equal(planNpmrc(text, env), want));
}
