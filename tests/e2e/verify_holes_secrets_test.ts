/** Each hole that is made in what keeps secrets is seen by its cases, and by no other. */
import { testHoles } from "./support/verify/guarded_holes.ts";
import { SECRET_HOLES } from "./support/verify/holes/secrets.ts";

testHoles("each hole in what keeps secrets turns its cases red, and no other", {
  suite: "secrets",
  holes: SECRET_HOLES.map((hole) => ({
    ...hole,
    change: { kind: "source", edits: hole.change },
  })),
  green: ["S14", "S07", "S02"],
});
