import assert from "node:assert/strict";
import { checkDomains, settleDomains } from "../../../../src/acp/registry/domains.ts";
import { EXIT, UserError } from "../../../../src/errors.ts";
import { recordingIo } from "../../cli/support.ts";

const ask = { id: "tiny", named: [], known: ["a.example", "b.example"] };

Deno.test("known hosts are asked for; a yes allows them, a no does not", async () => {
  assert.deepEqual(await settleDomains(ask, recordingIo([true])), {
    domains: ["a.example", "b.example"],
    askedDomains: ["a.example", "b.example"],
  });
  assert.deepEqual(await settleDomains(ask, recordingIo([false])), {
    domains: [],
    askedDomains: ["a.example", "b.example"],
  });
});

Deno.test("where nobody can be asked, known hosts are allowed and said", async () => {
  const io = recordingIo();
  const { domains } = await settleDomains(ask, io);
  assert.deepEqual(domains, ["a.example", "b.example"]);
  assert.equal(io.said.talk, "tiny may reach a.example, b.example\n");
});

Deno.test("what was asked once is not asked again; what was allowed stays", async () => {
  const io = recordingIo([]);
  io.confirm = () => Promise.reject(new Error("asked again"));
  const before = { domains: ["a.example"], askedDomains: ["a.example", "b.example"] };
  assert.deepEqual(await settleDomains({ ...ask, named: ["c.example"], before }, io), {
    domains: ["a.example", "c.example"],
    askedDomains: ["a.example", "b.example"],
  });
});

Deno.test("an agent without any host is told how to get one", async () => {
  const io = recordingIo();
  await settleDomains({ id: "tiny", named: [], known: [] }, io);
  assert.match(io.said.talk, /sandcage acp install tiny --domain HOST/);
});

Deno.test("what is no host is refused before anything is done", () => {
  checkDomains(["api.example.com", "*.example.com"]);
  for (const host of ["*", "", "https://x", "a b", "x/y", "*.*"]) {
    assert.throws(() => checkDomains(["ok.example", host]), (error: unknown) => {
      assert.ok(error instanceof UserError);
      return error.exit === EXIT.usage && error.message.includes(JSON.stringify(host));
    });
  }
});
