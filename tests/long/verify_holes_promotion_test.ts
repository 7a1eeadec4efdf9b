/** Each hole that is made in what lands commits is seen by exactly its cases. */
import { PROMOTION_HOLES } from "../e2e/support/verify/holes/promotion.ts";
import { testSourceHoles } from "../e2e/support/verify/source_hole.ts";

testSourceHoles("each hole in what lands commits turns its cases red, and no other", {
  suite: "promotion",
  holes: PROMOTION_HOLES,
  atOnce: 3,
});
