/** Each hole that is made in what relays between editors and agents is seen by exactly its cases. */
import { ACP_HOLES } from "./support/verify/holes/acp.ts";
import { testSourceHoles } from "./support/verify/source_hole.ts";

testSourceHoles(
  "each hole in what relays between editors and agents turns its cases red, and no other",
  {
    suite: "acp",
    holes: ACP_HOLES,
    atOnce: 2,
  },
);
