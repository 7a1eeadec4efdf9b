/** Each hole in what keeps a cage from addresses and names is seen by its cases, and by no other. */
import { testHoles } from "./support/verify/guarded_holes.ts";
import { NETWORK_REACH_HOLES } from "./support/verify/holes/network_reach.ts";

testHoles("each hole in the ways to addresses turns its cases red", {
  suite: "network",
  holes: NETWORK_REACH_HOLES,
  green: ["N05", "N07", "N12"],
});
