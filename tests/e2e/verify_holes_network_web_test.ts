/** Each hole in what a gateway makes of tunnels, TLS and requests is seen by its cases alone. */
import { testHoles } from "./support/verify/guarded_holes.ts";
import { NETWORK_WEB_HOLES } from "./support/verify/holes/network_web.ts";

testHoles("each hole in what a gateway makes of requests turns its cases red", {
  suite: "network",
  holes: NETWORK_WEB_HOLES.map((hole) => ({
    ...hole,
    change: { kind: "source", edits: hole.change },
  })),
  green: ["N12", "N43", "N07"],
});
