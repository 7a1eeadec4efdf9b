import assert from "node:assert/strict";
import { parseRepositoryAddress } from "../../../src/copy/url.ts";
import { UserError } from "../../../src/errors.ts";

const CWD = { cwd: "/home/ann" };

for (
  const [text, want] of [
    ["https://host.example/a/Hello-World.git", {
      url: "https://host.example/a/Hello-World.git",
      basename: "Hello-World",
    }],
    ["https://host.example/a/b/", { url: "https://host.example/a/b/", basename: "b" }],
    ["https://ann:s3cret@host.example/b.git?private_token=s3cret#s3cret", {
      url: "https://host.example/b.git",
      basename: "b",
      login: { username: "ann", password: "s3cret" },
    }],
    ["https://t%40ken@host.example/b", {
      url: "https://host.example/b",
      basename: "b",
      login: { username: "t@ken", password: "" },
    }],
    ["ssh://git:pw@host.example:2222/~ann/b.git", {
      url: "ssh://git@host.example:2222/~ann/b.git",
      basename: "b",
    }],
    ["git@host.example:team/b.git", { url: "git@host.example:team/b.git", basename: "b" }],
    ["file:///srv/a%20b.git", { url: "file:///srv/a%20b.git", basename: "a b" }],
    ["../b.git", { url: "/home/b.git", basename: "b" }],
    ["/srv/x:y.git", { url: "/srv/x:y.git", basename: "x:y" }],
    ["./git@host:x", { url: "/home/ann/git@host:x", basename: "git@host:x" }],
  ] as const
) {
  Deno.test(`parseRepositoryAddress() reads ${text}`, () => {
    assert.deepEqual(parseRepositoryAddress(text, CWD), want);
  });
}

for (
  const [text, why] of [
    ["-uecho", /option/],
    ["--upload-pack=touch x", /option/],
    ["ext::sh -c touch% x", /program/],
    ["fd::17", /program/],
    ["", /no address/],
    ["https://host/\nx", /no address/],
    ["ftp://ann:s3cret@host/x", /scheme "ftp:"/],
    ["ssh://-oProxyCommand=x/y", /no (host|URL)/],
    ["-x@host:path", /option/],
    ["git@-oProxyCommand=x:path", /no host/],
    ["https://[::1/x", /no URL/],
    ["https://ann%0a:s3cret@host/x", /login/],
  ] as const
) {
  Deno.test(`parseRepositoryAddress() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseRepositoryAddress(text, CWD), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.exit, 2);
      assert.match(error.message, why);
      assert.match(error.hint!, /--dir PATH/);
      assert.doesNotMatch(error.message + error.hint, /s3cret/);
      return true;
    });
  });
}
