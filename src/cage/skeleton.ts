// Generated from compose/*.yml by: deno run -A tools/generate.ts
// deno-fmt-ignore-file
import type { AgentSkeleton, GatewaySkeleton } from "./compose_document.ts";

/** What every agent container gets, whatever the configuration says. */
export const AGENT_SKELETON: AgentSkeleton = {
  "init": true,
  "read_only": true,
  "cap_drop": [
    "ALL"
  ],
  "security_opt": [
    "no-new-privileges:true"
  ],
  "hostname": "cage",
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

/** What every gateway container gets. */
export const GATEWAY_SKELETON: GatewaySkeleton = {
  "read_only": true,
  "cap_drop": [
    "ALL"
  ],
  "security_opt": [
    "no-new-privileges:true"
  ],
  "user": "65532:65532",
  "sysctls": {
    "net.ipv4.ip_forward": "0",
    "net.ipv4.ip_unprivileged_port_start": "0",
    "net.ipv6.conf.all.disable_ipv6": "1",
    "net.ipv6.conf.default.disable_ipv6": "1"
  },
  "stdin_open": true,
  "hostname": "gateway",
  "tmpfs": [
    "/tmp:rw,noexec,nosuid,nodev,mode=1777,size=16m"
  ],
  "logging": {
    "driver": "none"
  },
  "mem_limit": "256m",
  "memswap_limit": "256m",
  "pids_limit": 64,
  "stop_grace_period": "2s"
};
