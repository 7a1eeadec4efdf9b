/** Each hole that is made in what brings the work of a copy cage back is seen by exactly its cases. */
import { WORKSPACE_HOLES } from "./support/verify/holes/workspace.ts";
import { testSourceHoles } from "./support/verify/source_hole.ts";

testSourceHoles("each hole in what brings work back turns its cases red, and no other", {
  suite: "workspace",
  holes: WORKSPACE_HOLES,
  atOnce: 2,
});
