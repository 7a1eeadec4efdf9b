// Generated from compose/agent.yml by: deno run -A tools/generate.ts
// deno-fmt-ignore-file
import type { ComposeSkeleton } from "./compose_document.ts";

/** What every agent container gets, whatever the configuration says. */
export const AGENT_SKELETON: ComposeSkeleton = {
  "init": true,
  "read_only": true,
  "cap_drop": [
    "ALL"
  ],
  "security_opt": [
    "no-new-privileges:true"
  ],
  "hostname": "sandcage",
  "tmpfs": [
    "/tmp:rw,exec,nosuid,nodev,mode=1777",
    "/var/tmp:rw,exec,nosuid,nodev,mode=1777",
    "/run:rw,noexec,nosuid,nodev,mode=1777"
  ],
  "logging": {
    "driver": "none"
  },
  "stop_grace_period": "10s"
};
