import manifest from "../../deno.json" with { type: "json" };

/** sandcage's version, from the one place it is written. */
export const VERSION: string = manifest.version;
