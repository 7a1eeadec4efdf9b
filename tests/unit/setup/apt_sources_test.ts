import assert from "node:assert/strict";
import { findArchive, formatDeb822, parseAptSources } from "../../../src/setup/apt_sources.ts";

const DEB822 = `# a comment
Types: deb deb-src
URIs: http://mirror.test/debian
# another
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.test/security
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEY865UxYJ

Types: deb
Enabled: no
URIs: http://off.test
Suites: bookworm
Components: main
`;

const ONE_LINE = `# deb http://off.test bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.test/debian bookworm main contrib # why
deb-src http://mirror.test/debian bookworm main
deb http://other.test/x ./
`;

Deno.test("parseAptSources() reads deb822 without comments, sources and what is disabled", () => {
  assert.deepEqual(parseAptSources([{ path: "/a/debian.sources", text: DEB822 }]), [
    {
      uri: "http://mirror.test/debian",
      suites: ["bookworm", "bookworm-updates"],
      components: ["main", "contrib"],
      signedBy: "/usr/share/keyrings/debian-archive-keyring.gpg",
    },
    {
      uri: "http://mirror.test/security",
      suites: ["bookworm-security"],
      components: ["main"],
      signedBy: "\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDMEY865UxYJ",
    },
  ]);
});

Deno.test("parseAptSources() reads one-line sources", () => {
  assert.deepEqual(parseAptSources([{ path: "/a/sources.list", text: ONE_LINE }]), [
    {
      uri: "http://mirror.test/debian",
      suites: ["bookworm"],
      components: ["main", "contrib"],
      signedBy: "/k.gpg",
    },
    { uri: "http://other.test/x", suites: ["./"], components: [], signedBy: undefined },
  ]);
});

Deno.test("findArchive() takes the distribution's own archive, not a vendor's", () => {
  const vendor = {
    uri: "http://vendor.test",
    suites: ["bookworm"],
    components: ["stable"],
    signedBy: "/v.gpg",
  };
  const copy = {
    uri: "http://copy.test",
    suites: ["bookworm"],
    components: ["main"],
    signedBy: "/c.gpg",
  };
  const own = parseAptSources([{ path: "x.sources", text: DEB822 }]);
  assert.equal(findArchive([vendor, copy, ...own], "bookworm")?.uri, "http://mirror.test/debian");
  assert.equal(findArchive([vendor, copy], "bookworm")?.uri, "http://copy.test");
  assert.equal(findArchive([vendor], "bookworm"), undefined);
  assert.equal(findArchive(own, "trixie"), undefined);
});

Deno.test("formatDeb822() keeps the key that was there, a written-out one too", () => {
  for (const source of parseAptSources([{ path: "x.sources", text: DEB822 }])) {
    const text = formatDeb822(source, "trixie");
    const again = parseAptSources([{ path: "y.sources", text }]);
    assert.deepEqual(again, [{ ...source, suites: ["trixie"], components: ["main"] }]);
  }
});
