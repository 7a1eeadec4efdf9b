import type { EngineFlavor } from "../../engine/engine.ts";

/** What a run was about, as every report tells it. */
export type Proved = {
  /** Version of sandcage. */
  version: string;
  cage: string;
  service: string;
  engine: {
    title: string;
    flavor: EngineFlavor;
    /** As the engine says, `20.10.24`. */
    version: string;
    /** Kernel it runs on, as it says. */
    kernel: string;
    cgroups: string;
  };
};
