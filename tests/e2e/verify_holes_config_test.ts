/** Each hole that is made in the reading of a project's files is seen by exactly its cases. */
import { CONFIG_HOLES } from "./support/verify/holes/config.ts";
import { testSourceHoles } from "./support/verify/source_hole.ts";

testSourceHoles("each hole in what projects may ask for turns its cases red, and no other", {
  suite: "config",
  holes: CONFIG_HOLES,
  atOnce: 1,
});
