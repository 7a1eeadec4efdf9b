// Kept for the modules of the CLI; the types live below every layer, in src/io.ts.
export type { Io, Progress } from "../io.ts";
