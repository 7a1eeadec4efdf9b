import { IMAGE } from "../names.ts";
import type { Config } from "./schema.ts";

/**
 * The bottom layer: complete, so that everything above may leave anything out. What the built-in
 * services are is not here but in registry/services.
 */
export function defaultConfig(): Config {
  return {
    image: { base: IMAGE.debian, dockerfile: null, ca: "auto", args: {} },
    toolchains: {},
    packages: [],
    setup: [],
    services: {},
    workspace: { mode: "mount", hide: [], readonly: [], git: "protected", dirs: [], protect: [] },
    network: {
      mode: "allowlist",
      presets: [],
      allow: [],
      block: [],
      passthrough: [],
      rate: null,
      dns: [],
      egress: null,
      pool: "10.231.0.0/16",
    },
    secrets: {},
    inspect: {
      secrets: "block",
      entropy: "flag",
      content_type: "flag",
      body: "block",
      body_limit: "10MiB",
      websocket: "block",
      hosts: [],
    },
    limits: { memory: "8g", cpus: 4, pids: 2048 },
    home: "service",
    ssh: { enabled: false, agent: false },
    ports: [],
    env: {},
    mounts: [],
    acp: { terminal: "block", fs: "allow", warm: false, warm_idle: "30m" },
    attach: { prefix: "C-a", layout: "ide", editor: "nvim", shell: "bash", dotfiles: null },
    headless: { idle_timeout: "30m" },
    promotion: { name: null, email: null, interval: "5s", sign: false, branches: [] },
    engine: { context: null },
  };
}
