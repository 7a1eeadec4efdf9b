import { createIgnoreMatcher } from "../../src/tree/ignore_rules.ts";
import { LONG_PATH, makePatterns, PATHS, PATTERN_MATERIAL } from "./seeds/patterns.ts";
import { expect, type Target } from "./target.ts";

/** Readers of git's patterns: what a project hides comes with the project. */
export const PATTERN_READERS: readonly Target[] = [
  {
    name: "config/patterns",
    material: PATTERN_MATERIAL,
    make: makePatterns,
    read(bytes, random) {
      const text = new TextDecoder().decode(bytes);
      const base = random.pick(["", "", "src"]);
      const isKept = createIgnoreMatcher([{ base, text, origin: ".gitignore" }]);
      let kept = 0;
      for (const path of random.oneIn(40) ? [...PATHS, LONG_PATH] : PATHS) {
        const dir = path.slice(0, Math.max(0, path.lastIndexOf("/")));
        const isIn = isKept(path, { directory: false }) !== undefined;
        if (isIn) kept++;
        const isAbove = dir !== "" && isKept(dir, { directory: true }) !== undefined;
        expect(!isAbove || isIn, "what is in a directory that stays stays, too");
      }
      return kept > 0 ? "accepted" : { refused: "nothing matches" };
    },
  },
];
