import { parseGitConfig } from "../../src/project/git_config.ts";
import { parseCommit, rewriteCommit } from "../../src/promote/commit.ts";
import { parseIndex } from "../../src/promote/index_file.ts";
import { formatTree, parseTree } from "../../src/promote/tree.ts";
import { textOf } from "./bytes.ts";
import {
  GIT_CONFIG_MATERIAL,
  INDEX_MATERIAL,
  makeIndex,
  makeObject,
  OBJECT_MATERIAL,
} from "./seeds/git.ts";
import { expect, type Target } from "./target.ts";

/** What our own words of a refusal are; anything else was not thought of. */
const OWN_WORDS = /^(?:The object is no|It is no|It is an) /;

/** Readers of git's own files: of repositories that an agent has written, or a crash has cut. */
export const GIT_READERS: readonly Target[] = [
  {
    name: "tar/git-index",
    material: INDEX_MATERIAL,
    make: makeIndex,
    read: (bytes) =>
      refuseInOwnWords(() => {
        const { entries } = parseIndex(bytes, new Set(["a", "src/main.ts", "", "b"]));
        for (const { mode, oid, stage } of entries.values()) {
          expect(/^[0-9a-f]{40}$/.test(oid), "an id is one");
          expect(stage <= 3 && mode <= 0xffffffff, "numbers are in their bounds");
        }
      }),
  },
  {
    name: "tar/git-objects",
    material: OBJECT_MATERIAL,
    make: makeObject,
    read(bytes) {
      const text = textOf(bytes);
      const isTree = /^\d* /.test(text) || text === "";
      return refuseInOwnWords(() => {
        if (isTree) return expect(formatTree(parseTree(text)) === text, "a tree is its own");
        const commit = parseCommit(text);
        const written = textOf(rewriteCommit(commit, {
          tree: "0".repeat(40),
          parents: [],
          identity: { name: "Ada", email: "ada@a.test" },
        }));
        const again = parseCommit(written);
        expect(again.message === commit.message, "a message stays as it is");
        expect(again.headers.every(({ key }) => key !== "gpgsig"), "a signature goes");
        const people = again.headers.filter(({ key }) => key === "author" || key === "committer");
        expect(people.every(({ line }) => line.includes(" Ada <ada@a.test>")), "the name is ours");
      });
    },
  },
  {
    name: "config/git",
    material: GIT_CONFIG_MATERIAL,
    read(bytes) {
      try {
        for (const { key } of parseGitConfig(textOf(bytes))) {
          expect(/^[a-z0-9.-]+\.(?:.*\.)?[a-z0-9-]+$/s.test(key), `a key is one: ${key}`);
        }
        return "accepted";
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        expect(/ line \d+$/.test(error.message), "a refusal names its line");
        return { refused: error.message };
      }
    },
  },
];

function refuseInOwnWords(read: () => void): "accepted" | { refused: string } {
  try {
    read();
    return "accepted";
  } catch (error) {
    if (!(error instanceof Error) || !OWN_WORDS.test(error.message)) throw error;
    return { refused: error.message };
  }
}
