import { basename } from "node:path";

/**
 * What the long files of tests/e2e take, in seconds on two busy cores with images present. Only their
 * order matters: the longest begin first, so that all workers end together. `deno task test` says at
 * its end which files were the slowest.
 */
export const SECONDS: Readonly<Record<string, number>> = {
  verify_holes_network_web: 120,
  podman: 60,
  verify_holes_network_reach: 110,
  verify_holes_workspace: 107,
  verify_holes_secrets: 100,
  copy_desk: 100,
  verify: 100,
  engine26: 95,
  promote: 95,
  promote_conformance: 90,
  acp_install: 85,
  copy_cages: 75,
  headless: 70,
  copy_kill: 60,
  verify_holes_acp: 55,
  verify_holes_container: 50,
  verify_killed: 45,
  image: 56,
  acp_relay: 55,
  acp_warm: 50,
  copy_keep: 50,
  copy_transfer: 48,
  acp_gateway: 45,
  mail: 45,
  trust: 45,
  verify_holes_config: 40,
  gateway_session: 40,
  courier: 38,
  copy_checklist: 35,
  presets: 33,
  gateway_reload: 30,
  lifecycle: 29,
  terminal: 29,
  workspace: 28,
  isolation: 27,
  acp_end: 25,
  checkpoint: 25,
  copy_salvage: 25,
  gateway_secrets: 25,
  gateway_failure: 22,
  gateway_fuzz: 20,
  ownership: 20,
  hardening: 18,
  gateway_web: 15,
};

/** A file nobody has measured yet: before the short ones, so that it cannot be the last. */
const UNKNOWN = 22;

/** Test files in the order to run them in: the longest first, equals by name. Pure. */
export function planOrder(files: readonly string[]): string[] {
  const seconds = (file: string) => SECONDS[basename(file).replace(/_test\.ts$/, "")] ?? UNKNOWN;
  return files.toSorted((a, b) => seconds(b) - seconds(a) || (a < b ? -1 : 1));
}
